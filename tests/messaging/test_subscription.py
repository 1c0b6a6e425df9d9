"""A subscription over the road: killed readers, replays, new subscriptions, rebuilds, topics lost and made anew."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from shared.access import Actor
from shared.jobs import Work, enqueue, run_step
from shared.messaging import Subscription
from shared.messaging.rebuild import Rebuild, TableNotReplica
from shared.messaging.republish import KIND
from shared.operator import reset_offsets
from shared.worker import Parts, Transport, prepare
from tests.factories.messaging.databases import READER, TELLER
from tests.factories.messaging.events import TOPIC, changed, hearer, keys, registered, replica, sealed
from tests.factories.messaging.marks import on_every_transport
from tests.factories.messaging.service_pair import LONGEST_WAIT, Stage, eventually


async def say_many(stage: Stage, told: list[UUID], times: int = 4) -> Counter[tuple[str, int]]:
    """Tell of each key so often; return what a reader must hear, each once."""
    for number in range(times):
        await stage.emit(*(registered(key, number) for key in told))
    await stage.relay()
    return Counter((str(key), seq) for key in told for seq in range(1, times + 1))


@pytest.mark.parametrize("point", ["consumer.before_commit", "consumer.after_commit"])
@on_every_transport
async def test_a_consumer_killed_before_or_after_its_commit_applies_each_event_once(
    stage: Stage, tmp_path: Path, point: str
) -> None:
    token = tmp_path / "armed"
    token.touch()
    expected = await say_many(stage, keys(30))
    child = stage.act("consumer", f"{point}=kill:{token}")
    assert await asyncio.to_thread(child.wait, LONGEST_WAIT) == -9
    assert bool(await stage.handled()) == (point == "consumer.after_commit")
    await stage.listen(hearer())
    assert Counter(await stage.handled()) == expected
    assert await stage.parked() == []


@on_every_transport
async def test_a_whole_topic_delivered_three_times_changes_nothing(stage: Stage) -> None:
    expected = await say_many(stage, keys(20))
    sub, kept = hearer(), replica()
    await stage.listen(sub)
    await stage.listen(kept)
    before = await stage.hash_of_replica()
    for _ in range(2):
        await republish(stage)
    await stage.listen(sub)
    await stage.listen(kept)
    assert len(await stage.records()) == 3 * 80
    assert Counter(await stage.handled()) == expected
    assert await stage.hash_of_replica() == before
    assert await stage.parked() == []


async def republish(stage: Stage) -> None:
    """Have the teller's jobs send the whole outbox again."""
    work = Work()
    transport = Transport(
        publisher=stage.transport.publisher, source=lambda *_: pytest.fail("jobs read nothing")
    )
    prepare(Parts(TELLER, [], work), transport)
    async with stage.teller.transaction(Actor.system(TELLER)) as session:
        await enqueue(session, KIND, {}, Actor.system(TELLER))
    assert await run_step(stage.teller, work)
    (job,) = await stage.query_publisher(
        "SELECT state, done FROM platform.job ORDER BY created_at DESC LIMIT 1"
    )
    assert job["state"] == "DONE"


@on_every_transport
async def test_a_subscription_added_later_starts_at_the_beginning(stage: Stage) -> None:
    expected = await say_many(stage, keys(10))
    await stage.listen(hearer())
    await stage.listen(hearer("later"))
    assert Counter(await stage.handled("later")) == expected


@on_every_transport
async def test_a_reaction_that_starts_now_starts_there_and_stays_there(stage: Stage) -> None:
    sub, told = hearer("fresh", starts="now"), keys(10)
    await say_many(stage, told, 2)
    await stage.listen(sub, lambda: started(stage, sub))
    assert await stage.handled("fresh") == []
    await stage.publish(*(changed(key) for key in told))
    await stage.listen(sub)
    assert Counter(await stage.handled("fresh")) == Counter((str(key), 3) for key in told)
    await republish(stage)
    await stage.listen(sub)
    assert len(await stage.handled("fresh")) == 10
    assert await stage.parked("fresh") == []


async def started(stage: Stage, sub: Subscription) -> bool:
    """Whether the start of every partition is remembered."""
    rows = await stage.read("SELECT FROM platform.consumer_offset WHERE subscription = $1", sub.name + "@now")
    return len(rows) == 24


@on_every_transport
async def test_a_replica_rebuilt_while_live_equals_itself(stage: Stage) -> None:
    """Writers run all the while; the rebuilt one holds the same rows, and nobody was told anything by it."""
    told, sub, done = keys(100), replica(), asyncio.Event()
    await say_many(stage, told, 3)
    stage.start_relay()
    live = stage.start_consumer(sub)

    async def write() -> int:
        number = 3
        while not done.is_set():
            number += 1
            await stage.emit(*(registered(key, number) for key in told[:20]))
            await asyncio.sleep(0.02)
        return number

    writer = asyncio.create_task(write())
    await eventually(lambda: filled(stage, len(told)))
    rebuild = Rebuild(
        stage.urls["reader_owner"],
        READER,
        stage.reader,
        sub,
        lambda stored: stage.transport.source(stage, sub, stored, f"{sub.name}.rebuild"),
    )
    try:
        read = await asyncio.wait_for(rebuild.run(), LONGEST_WAIT)
    finally:
        done.set()
    last = await writer
    assert read >= 300

    async def whole() -> bool:
        return not await stage.query_publisher(
            "SELECT FROM platform.unsent LIMIT 1"
        ) and await stage.caught_up(sub)

    await eventually(whole)
    await stage.end(live)
    rows = await stage.read("SELECT pendamping_id, pendamping_no, seq FROM replica_pendamping.pendamping")
    assert {row["pendamping_id"]: (row["pendamping_no"], row["seq"]) for row in rows} == {
        key: (str(last), last) if number < 20 else ("2", 3) for number, key in enumerate(told)
    }
    before = await stage.hash_of_replica()
    await asyncio.wait_for(rebuild.run(), LONGEST_WAIT)
    assert await stage.hash_of_replica() == before
    assert await stage.parked(sub.name) == []
    assert await stage.read("SELECT * FROM platform.outbox") == []
    assert await stage.read("SELECT FROM platform.cursor WHERE subscription LIKE '%@rebuild'") == []


async def filled(stage: Stage, count: int) -> bool:
    rows = await stage.read("SELECT count(*) AS n FROM replica_pendamping.pendamping")
    return bool(rows[0]["n"] >= count)


async def test_a_rebuild_keeps_names_rights_and_row_security(stage: Stage) -> None:
    shape = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace ="
        " 'replica_pendamping'::regnamespace AND contype <> 'n' UNION ALL SELECT indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = 'replica_pendamping' UNION ALL SELECT policyname, qual FROM pg_policies"
        " WHERE schemaname = 'replica_pendamping' UNION ALL SELECT relname, (relrowsecurity, relforcerowsecurity)::text"
        " FROM pg_class WHERE relname = 'pendamping' AND relkind = 'r' UNION ALL SELECT grantee, privilege_type FROM"
        " information_schema.role_table_grants WHERE table_schema = 'replica_pendamping' ORDER BY 1, 2"
    )
    owner = await asyncpg.connect(stage.urls["reader_owner"])
    for statement in (
        "CREATE INDEX ix_pendamping_no ON replica_pendamping.pendamping (pendamping_no) WHERE seq > 0",
        "ALTER TABLE replica_pendamping.pendamping ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE replica_pendamping.pendamping FORCE ROW LEVEL SECURITY",
        "CREATE POLICY area ON replica_pendamping.pendamping USING (platform.in_scope(pendamping_no))",
    ):
        await owner.execute(statement)
    before = [tuple(row) for row in await stage.read(shape)]
    sub = replica()
    await say_many(stage, keys(3), 1)
    try:
        await Rebuild(
            stage.urls["reader_owner"],
            READER,
            stage.reader,
            sub,
            lambda stored: stage.transport.source(stage, sub, stored, "shape.rebuild"),
        ).run()
        assert [tuple(row) for row in await stage.read(shape)] == before
    finally:
        for statement in (
            "DROP POLICY area ON replica_pendamping.pendamping",
            "ALTER TABLE replica_pendamping.pendamping NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE replica_pendamping.pendamping DISABLE ROW LEVEL SECURITY",
            "DROP INDEX replica_pendamping.ix_pendamping_no",
        ):
            await owner.execute(statement)
        await owner.close()


def test_a_reaction_is_never_rebuilt() -> None:
    with pytest.raises(TableNotReplica):
        Rebuild("", READER, None, hearer(), lambda _: None)  # type: ignore[arg-type]


@on_every_transport
async def test_a_topic_recreated_is_noticed_and_goes_on_once_it_is_accepted(stage: Stage) -> None:
    sub, told = hearer(), keys(10)
    expected = await say_many(stage, told)
    await stage.listen(sub)
    await stage.transport.recreate(stage)
    stage.start_consumer(sub)

    async def stopped() -> bool:
        return bool(await stage.read("SELECT FROM platform.consumer_offset WHERE stopped IS NOT NULL"))

    await eventually(stopped)
    await republish(stage)
    await stage.publish(*(changed(key) for key in told))
    assert Counter(await stage.handled()) == expected
    await reset_offsets(stage.urls["reader_worker"], sub.name, TOPIC)
    later = Counter((str(key), 5) for key in told)

    async def went_on() -> bool:
        return Counter(await stage.handled()) == expected + later

    await eventually(went_on)
    assert await stage.parked() == []


@on_every_transport
async def test_republish_after_the_topic_was_wiped_fills_a_new_reader_and_never_the_sealed(
    stage: Stage,
) -> None:
    told = keys(10)
    await stage.publish(sealed(told[0]))
    await say_many(stage, told)
    await stage.listen(replica())
    before = await stage.hash_of_replica()
    for topic in (TOPIC, "pilar.sealed"):
        await stage.transport.recreate(stage, topic)
    await republish(stage)
    assert await stage.records("pilar.sealed") == []
    await stage.read("TRUNCATE replica_pendamping.pendamping, platform.cursor, platform.consumer_offset")
    await stage.listen(replica())
    assert await stage.hash_of_replica() == before
    assert await stage.query_publisher("SELECT FROM platform.unsent") == []


async def test_a_republish_beside_new_events_skips_none_of_them(stage: Stage) -> None:
    """Old numbers stand at new offsets: whoever read by number would pass over what lies between."""
    sub, told = hearer(), keys(3)
    await say_many(stage, told, 300)
    await stage.listen(sub)
    await stage.publish(*(changed(key) for key in told))
    await republish(stage)
    await stage.publish(*(changed(key) for key in told))
    await stage.listen(sub)
    heard = await stage.handled()
    assert Counter(heard) == Counter((str(key), seq) for key in told for seq in range(1, 303))
    assert await stage.parked() == []


@on_every_transport
async def test_undecodable_bytes_on_the_road_stop_nobody(stage: Stage) -> None:
    sub, (key,) = hearer(), keys(1)
    await stage.transport.append(stage, TOPIC, "x", b"{not an event")
    await stage.publish(changed(key))
    await stage.listen(sub)
    assert [row["reason"] for row in await stage.parked()] == ["UNDECODABLE"]
    assert await stage.handled() == [(str(key), 1)]
