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
from tests.factories.messaging.events import (
    TOPIC,
    build_identity_sealed,
    build_recorder,
    build_registered,
    build_replica,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.marks import on_every_transport
from tests.factories.messaging.service_pair import LONGEST_WAIT, ServicePair, wait_until


async def emit_many(stage: ServicePair, emitted_keys: list[UUID], times: int = 4) -> Counter[tuple[str, int]]:
    """Emit so many events per key, and return what a reader must receive, each once."""
    for number in range(times):
        await stage.emit(*(build_registered(key, number) for key in emitted_keys))
    await stage.relay()
    return Counter((str(key), seq) for key in emitted_keys for seq in range(1, times + 1))


@pytest.mark.parametrize("point", ["consumer.before_commit", "consumer.after_commit"])
@on_every_transport
async def test_a_consumer_killed_before_or_after_its_commit_applies_each_event_once(
    stage: ServicePair, tmp_path: Path, point: str
) -> None:
    token = tmp_path / "armed"
    token.touch()
    expected = await emit_many(stage, create_keys(30))
    child = stage.start_process("consumer", f"{point}=kill:{token}")
    assert await asyncio.to_thread(child.wait, LONGEST_WAIT) == -9
    assert bool(await stage.read_received()) == (point == "consumer.after_commit")
    await stage.consume(build_recorder())
    assert Counter(await stage.read_received()) == expected
    assert await stage.read_parked() == []


@on_every_transport
async def test_a_whole_topic_delivered_three_times_changes_nothing(stage: ServicePair) -> None:
    expected = await emit_many(stage, create_keys(20))
    sub, kept = build_recorder(), build_replica()
    await stage.consume(sub)
    await stage.consume(kept)
    before = await stage.read_replica_hash()
    for _ in range(2):
        await republish(stage)
    await stage.consume(sub)
    await stage.consume(kept)
    assert len(await stage.read_log()) == 3 * 80
    assert Counter(await stage.read_received()) == expected
    assert await stage.read_replica_hash() == before
    assert await stage.read_parked() == []


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
    expected = await emit_many(stage, create_keys(10))
    await stage.consume(build_recorder())
    await stage.consume(build_recorder("later"))
    assert Counter(await stage.read_received("later")) == expected


@on_every_transport
async def test_a_reaction_that_starts_now_ignores_older_events(stage: ServicePair) -> None:
    sub, emitted_keys = build_recorder("fresh", starts="now"), create_keys(10)
    await emit_many(stage, emitted_keys, 2)
    await stage.consume(sub, lambda: is_started(stage, sub))
    assert await stage.read_received("fresh") == []
    await stage.emit_and_relay(*(build_status_changed(key) for key in emitted_keys))
    await stage.consume(sub)
    assert Counter(await stage.read_received("fresh")) == Counter((str(key), 3) for key in emitted_keys)
    await republish(stage)
    await stage.consume(sub)
    assert len(await stage.read_received("fresh")) == 10
    assert await stage.read_parked("fresh") == []


async def is_started(stage: ServicePair, sub: Subscription) -> bool:
    """Return whether the first offset of every partition is stored."""
    rows = await stage.query_reader(
        "SELECT FROM platform.consumer_offset WHERE subscription = $1", sub.name + "@now"
    )
    return len(rows) == 24


@on_every_transport
async def test_a_replica_rebuilt_while_live_equals_itself(stage: ServicePair) -> None:
    """Writers run during the rebuild. The result has the same rows, and nothing was emitted."""
    emitted_keys, sub, done = create_keys(100), build_replica(), asyncio.Event()
    await emit_many(stage, emitted_keys, 3)
    stage.start_relay()
    live = stage.start_consumer(sub)

    async def emit_until_done() -> int:
        number = 3
        while not done.is_set():
            number += 1
            await stage.emit(*(build_registered(key, number) for key in emitted_keys[:20]))
            await asyncio.sleep(0.02)
        return number

    writer = asyncio.create_task(emit_until_done())
    await wait_until(lambda: is_filled(stage, len(emitted_keys)))
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

    async def is_complete() -> bool:
        return not await stage.query_publisher(
            "SELECT FROM platform.unsent LIMIT 1"
        ) and await stage.is_caught_up(sub)

    await wait_until(is_complete)
    await stage.stop_task(live)
    rows = await stage.query_reader(
        "SELECT pendamping_id, pendamping_no, last_seq FROM replica_pendamping.pendamping"
    )
    assert {row["pendamping_id"]: (row["pendamping_no"], row["last_seq"]) for row in rows} == {
        key: (str(last), last) if number < 20 else ("2", 3) for number, key in enumerate(emitted_keys)
    }
    before = await stage.read_replica_hash()
    await asyncio.wait_for(rebuild.run(), LONGEST_WAIT)
    assert await stage.read_replica_hash() == before
    assert await stage.read_parked(sub.name) == []
    assert await stage.query_reader("SELECT * FROM platform.outbox") == []
    assert await stage.query_reader("SELECT FROM platform.cursor WHERE subscription LIKE '%@rebuild'") == []


async def is_filled(stage: ServicePair, count: int) -> bool:
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
    sub = build_replica()
    await emit_many(stage, create_keys(3), 1)
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
        Rebuild("", READER, None, build_recorder(), lambda _: None)  # type: ignore[arg-type]


@on_every_transport
async def test_a_recreated_topic_is_read_after_it_is_accepted(stage: ServicePair) -> None:
    sub, emitted_keys = build_recorder(), create_keys(10)
    expected = await emit_many(stage, emitted_keys)
    await stage.consume(sub)
    await stage.transport.recreate(stage)
    stage.start_consumer(sub)

    async def is_stopped() -> bool:
        return bool(
            await stage.query_reader("SELECT FROM platform.consumer_offset WHERE stopped IS NOT NULL")
        )

    await wait_until(is_stopped)
    await republish(stage)
    await stage.emit_and_relay(*(build_status_changed(key) for key in emitted_keys))
    assert Counter(await stage.read_received()) == expected
    await reset_offsets(stage.urls["reader_worker"], sub.name, TOPIC)
    later = Counter((str(key), 5) for key in emitted_keys)

    async def is_applied() -> bool:
        return Counter(await stage.read_received()) == expected + later

    await wait_until(is_applied)
    assert await stage.read_parked() == []


@on_every_transport
async def test_republish_fills_a_wiped_topic_except_sealed_events(
    stage: ServicePair,
) -> None:
    emitted_keys = create_keys(10)
    await stage.emit_and_relay(build_identity_sealed(emitted_keys[0]))
    await emit_many(stage, emitted_keys)
    await stage.consume(build_replica())
    before = await stage.read_replica_hash()
    for topic in (TOPIC, "pilar.sealed"):
        await stage.transport.recreate(stage, topic)
    await republish(stage)
    assert await stage.read_log("pilar.sealed") == []
    await stage.query_reader(
        "TRUNCATE replica_pendamping.pendamping, platform.cursor, platform.consumer_offset"
    )
    await stage.consume(build_replica())
    assert await stage.read_replica_hash() == before
    assert await stage.query_publisher("SELECT FROM platform.unsent") == []


async def test_a_republish_during_new_events_skips_none(stage: ServicePair) -> None:
    """Old ids are at new offsets, so a reader by id would skip those between."""
    sub, emitted_keys = build_recorder(), create_keys(3)
    await emit_many(stage, emitted_keys, 300)
    await stage.consume(sub)
    await stage.emit_and_relay(*(build_status_changed(key) for key in emitted_keys))
    await republish(stage)
    await stage.emit_and_relay(*(build_status_changed(key) for key in emitted_keys))
    await stage.consume(sub)
    received = await stage.read_received()
    assert Counter(received) == Counter((str(key), seq) for key in emitted_keys for seq in range(1, 303))
    assert await stage.read_parked() == []


@on_every_transport
async def test_undecodable_bytes_in_the_topic_stop_no_key(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    await stage.transport.append(stage, TOPIC, "x", b"{not an event")
    await stage.emit_and_relay(build_status_changed(key))
    await stage.consume(sub)
    assert [row["reason"] for row in await stage.read_parked()] == ["UNDECODABLE"]
    assert await stage.read_received() == [(str(key), 1)]
