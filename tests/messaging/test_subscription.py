"""Subscriptions: killed consumers, replays, rebuilds, and recreated topics."""

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
from tests.factories.messaging.databases import PUBLISHER, READER
from tests.factories.messaging.events import TOPIC, changed, keys, recorder, registered, replica, sealed
from tests.factories.messaging.marks import on_every_transport
from tests.factories.messaging.service_pair import LONGEST_WAIT, ServicePair, eventually


async def emit_many(stage: ServicePair, emitted_keys: list[UUID], times: int = 4) -> Counter[tuple[str, int]]:
    """Emit so many events per key, and return what a reader must receive, each once."""
    for number in range(times):
        await stage.emit(*(registered(key, number) for key in emitted_keys))
    await stage.relay()
    return Counter((str(key), seq) for key in emitted_keys for seq in range(1, times + 1))


@pytest.mark.parametrize("point", ["consumer.before_commit", "consumer.after_commit"])
@on_every_transport
async def test_a_consumer_killed_before_or_after_its_commit_applies_each_event_once(
    stage: ServicePair, tmp_path: Path, point: str
) -> None:
    token = tmp_path / "armed"
    token.touch()
    expected = await emit_many(stage, keys(30))
    child = stage.start_process("consumer", f"{point}=kill:{token}")
    assert await asyncio.to_thread(child.wait, LONGEST_WAIT) == -9
    assert bool(await stage.received()) == (point == "consumer.after_commit")
    await stage.consume(recorder())
    assert Counter(await stage.received()) == expected
    assert await stage.parked() == []


@on_every_transport
async def test_a_whole_topic_delivered_three_times_changes_nothing(stage: ServicePair) -> None:
    expected = await emit_many(stage, keys(20))
    sub, kept = recorder(), replica()
    await stage.consume(sub)
    await stage.consume(kept)
    before = await stage.hash_of_replica()
    for _ in range(2):
        await republish(stage)
    await stage.consume(sub)
    await stage.consume(kept)
    assert len(await stage.records()) == 3 * 80
    assert Counter(await stage.received()) == expected
    assert await stage.hash_of_replica() == before
    assert await stage.parked() == []


async def republish(stage: ServicePair) -> None:
    """Run the publisher's job that sends the whole outbox again."""
    work = Work()
    transport = Transport(
        publisher=stage.transport.publisher, source=lambda *_: pytest.fail("jobs read nothing")
    )
    prepare(Parts(PUBLISHER, [], work), transport)
    async with stage.publisher.transaction(Actor.system(PUBLISHER)) as session:
        await enqueue(session, KIND, {}, Actor.system(PUBLISHER))
    assert await run_step(stage.publisher, work)
    (job,) = await stage.query_publisher(
        "SELECT state, done FROM platform.job ORDER BY created_at DESC LIMIT 1"
    )
    assert job["state"] == "DONE"


@on_every_transport
async def test_a_subscription_added_later_starts_at_the_beginning(stage: ServicePair) -> None:
    expected = await emit_many(stage, keys(10))
    await stage.consume(recorder())
    await stage.consume(recorder("later"))
    assert Counter(await stage.received("later")) == expected


@on_every_transport
async def test_a_reaction_that_starts_now_ignores_older_events(stage: ServicePair) -> None:
    sub, emitted_keys = recorder("fresh", starts="now"), keys(10)
    await emit_many(stage, emitted_keys, 2)
    await stage.consume(sub, lambda: started(stage, sub))
    assert await stage.received("fresh") == []
    await stage.emit_and_relay(*(changed(key) for key in emitted_keys))
    await stage.consume(sub)
    assert Counter(await stage.received("fresh")) == Counter((str(key), 3) for key in emitted_keys)
    await republish(stage)
    await stage.consume(sub)
    assert len(await stage.received("fresh")) == 10
    assert await stage.parked("fresh") == []


async def started(stage: ServicePair, sub: Subscription) -> bool:
    """Return whether the first offset of every partition is stored."""
    rows = await stage.query_reader(
        "SELECT FROM platform.consumer_offset WHERE subscription = $1", sub.name + "@now"
    )
    return len(rows) == 24


@on_every_transport
async def test_a_replica_rebuilt_while_live_equals_itself(stage: ServicePair) -> None:
    """Writers run during the rebuild. The result has the same rows, and nothing was emitted."""
    emitted_keys, sub, done = keys(100), replica(), asyncio.Event()
    await emit_many(stage, emitted_keys, 3)
    stage.start_relay()
    live = stage.start_consumer(sub)

    async def write() -> int:
        number = 3
        while not done.is_set():
            number += 1
            await stage.emit(*(registered(key, number) for key in emitted_keys[:20]))
            await asyncio.sleep(0.02)
        return number

    writer = asyncio.create_task(write())
    await eventually(lambda: filled(stage, len(emitted_keys)))
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
    rows = await stage.query_reader(
        "SELECT pendamping_id, pendamping_no, last_seq FROM replica_pendamping.pendamping"
    )
    assert {row["pendamping_id"]: (row["pendamping_no"], row["last_seq"]) for row in rows} == {
        key: (str(last), last) if number < 20 else ("2", 3) for number, key in enumerate(emitted_keys)
    }
    before = await stage.hash_of_replica()
    await asyncio.wait_for(rebuild.run(), LONGEST_WAIT)
    assert await stage.hash_of_replica() == before
    assert await stage.parked(sub.name) == []
    assert await stage.query_reader("SELECT * FROM platform.outbox") == []
    assert await stage.query_reader("SELECT FROM platform.cursor WHERE subscription LIKE '%@rebuild'") == []


async def filled(stage: ServicePair, count: int) -> bool:
    rows = await stage.query_reader("SELECT count(*) AS n FROM replica_pendamping.pendamping")
    return bool(rows[0]["n"] >= count)


async def test_a_rebuild_keeps_names_rights_and_row_security(stage: ServicePair) -> None:
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
        "CREATE INDEX ix_pendamping_no ON replica_pendamping.pendamping (pendamping_no) WHERE last_seq > 0",
        "ALTER TABLE replica_pendamping.pendamping ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE replica_pendamping.pendamping FORCE ROW LEVEL SECURITY",
        "CREATE POLICY area ON replica_pendamping.pendamping USING (platform.in_scope(pendamping_no))",
    ):
        await owner.execute(statement)
    before = [tuple(row) for row in await stage.query_reader(shape)]
    sub = replica()
    await emit_many(stage, keys(3), 1)
    try:
        await Rebuild(
            stage.urls["reader_owner"],
            READER,
            stage.reader,
            sub,
            lambda stored: stage.transport.source(stage, sub, stored, "shape.rebuild"),
        ).run()
        assert [tuple(row) for row in await stage.query_reader(shape)] == before
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
        Rebuild("", READER, None, recorder(), lambda _: None)  # type: ignore[arg-type]


@on_every_transport
async def test_a_recreated_topic_is_read_after_it_is_accepted(stage: ServicePair) -> None:
    sub, emitted_keys = recorder(), keys(10)
    expected = await emit_many(stage, emitted_keys)
    await stage.consume(sub)
    await stage.transport.recreate(stage)
    stage.start_consumer(sub)

    async def stopped() -> bool:
        return bool(
            await stage.query_reader("SELECT FROM platform.consumer_offset WHERE stopped IS NOT NULL")
        )

    await eventually(stopped)
    await republish(stage)
    await stage.emit_and_relay(*(changed(key) for key in emitted_keys))
    assert Counter(await stage.received()) == expected
    await reset_offsets(stage.urls["reader_worker"], sub.name, TOPIC)
    later = Counter((str(key), 5) for key in emitted_keys)

    async def applied_more() -> bool:
        return Counter(await stage.received()) == expected + later

    await eventually(applied_more)
    assert await stage.parked() == []


@on_every_transport
async def test_republish_fills_a_wiped_topic_except_sealed_events(
    stage: ServicePair,
) -> None:
    emitted_keys = keys(10)
    await stage.emit_and_relay(sealed(emitted_keys[0]))
    await emit_many(stage, emitted_keys)
    await stage.consume(replica())
    before = await stage.hash_of_replica()
    for topic in (TOPIC, "pilar.sealed"):
        await stage.transport.recreate(stage, topic)
    await republish(stage)
    assert await stage.records("pilar.sealed") == []
    await stage.query_reader(
        "TRUNCATE replica_pendamping.pendamping, platform.cursor, platform.consumer_offset"
    )
    await stage.consume(replica())
    assert await stage.hash_of_replica() == before
    assert await stage.query_publisher("SELECT FROM platform.unsent") == []


async def test_a_republish_during_new_events_skips_none(stage: ServicePair) -> None:
    """Old ids are at new offsets, so a reader by id would skip those between."""
    sub, emitted_keys = recorder(), keys(3)
    await emit_many(stage, emitted_keys, 300)
    await stage.consume(sub)
    await stage.emit_and_relay(*(changed(key) for key in emitted_keys))
    await republish(stage)
    await stage.emit_and_relay(*(changed(key) for key in emitted_keys))
    await stage.consume(sub)
    received = await stage.received()
    assert Counter(received) == Counter((str(key), seq) for key in emitted_keys for seq in range(1, 303))
    assert await stage.parked() == []


@on_every_transport
async def test_undecodable_bytes_in_the_topic_stop_no_key(stage: ServicePair) -> None:
    sub, (key,) = recorder(), keys(1)
    await stage.transport.append(stage, TOPIC, "x", b"{not an event")
    await stage.emit_and_relay(changed(key))
    await stage.consume(sub)
    assert [row["reason"] for row in await stage.parked()] == ["UNDECODABLE"]
    assert await stage.received() == [(str(key), 1)]
