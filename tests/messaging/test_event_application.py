"""Application of events: duplicates, gaps, divergences, epochs, unknown and undecodable records."""

import asyncio
from typing import Literal

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.registry import PendampingRegistered, PendampingStatusChanged
from shared.database import uuid7
from shared.messaging import Meta, Subscription, emit
from shared.messaging.cursors import PositionMoved
from shared.messaging.envelope import Record
from tests.factories.messaging.events import (
    SEALED,
    TOPIC,
    build_identity_sealed,
    build_record,
    build_recorder,
    build_registered,
    build_replica,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.service_pair import ServicePair


async def test_two_owners_of_a_partition_at_once_apply_a_new_key_once(stage: ServicePair) -> None:
    """A lock on a missing row locks nothing.

    Both would find no cursor and apply.
    """
    sub = build_recorder()
    await stage.query_reader(
        "INSERT INTO platform.consumer_offset VALUES ('received', $1, 0, 0, NULL, 0, NULL)", TOPIC
    )
    for _ in range(10):
        records = [build_record(key, 1, offset=number) for number, key in enumerate(create_keys(5))]
        await asyncio.gather(*(stage.receive(sub, records) for _ in range(4)))
        await stage.query_reader("UPDATE platform.consumer_offset SET next_offset = 0")
    received = await stage.read_received()
    assert len(received) == 50
    assert len(set(received)) == 50


async def test_a_batch_that_begins_after_the_stored_offset_is_refused(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    await stage.receive(sub, [build_record(key, 1, offset=0)])
    with pytest.raises(PositionMoved):
        await stage.receive(sub, [build_record(key, 3, offset=2)])
    assert await stage.read_cursor(key) == (1, 1, "OPEN")
    await stage.receive(sub, [build_record(key, 2, offset=1)])
    assert await stage.read_received() == [(str(key), 1), (str(key), 2)]


async def test_a_reader_of_an_older_generation_is_refused(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    await stage.receive(sub, [build_record(key, 1, offset=0)])
    await stage.query_reader("UPDATE platform.consumer_offset SET generation = generation + 1")
    with pytest.raises(PositionMoved):
        await stage.receive(sub, [build_record(key, 2, offset=1)])
    assert await stage.read_received() == [(str(key), 1)]


async def test_a_gap_is_filled_in_one_batch_out_of_order(stage: ServicePair) -> None:
    sub, (key, other) = build_recorder(), create_keys(2)
    batch = [build_record(key, seq, offset=n) for n, seq in enumerate((1, 4, 3, 5, 2, 6))]
    await stage.receive(sub, [*batch, build_record(other, 1, offset=6)])
    assert [seq for k, seq in await stage.read_received() if k == str(key)] == [1, 2, 3, 4, 5, 6]
    assert await stage.read_cursor(key) == (1, 6, "OPEN")
    assert await stage.read_parked() == []


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (1, 4, 3, 2)])
async def test_events_are_applied_by_position_although_their_times_fall(
    stage: ServicePair, order: tuple[int, ...]
) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    batch = [
        build_record(key, seq, offset=offset, time=f"2026-05-04T00:00:{50 - seq}Z")
        for offset, seq in enumerate(order)
    ]
    await stage.receive(sub, batch)
    assert await stage.read_received() == [(str(key), seq) for seq in (1, 2, 3, 4)]


async def test_a_gap_is_filled_over_several_batches(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    for offset, seq in enumerate((1, 5, 3)):
        await stage.receive(sub, [build_record(key, seq, offset=offset)])
    assert await stage.read_cursor(key) == (1, 1, "GAP")
    assert [(row["seq"], row["reason"]) for row in await stage.read_parked()] == [(5, "GAP"), (3, "GAP")]
    await stage.receive(sub, [build_record(key, 2, offset=3)])
    assert await stage.read_cursor(key) == (1, 3, "GAP")
    await stage.receive(sub, [build_record(key, 4, offset=4), build_record(key, 6, offset=5)])
    assert await stage.read_cursor(key) == (1, 6, "OPEN")
    assert [seq for _, seq in await stage.read_received()] == [1, 2, 3, 4, 5, 6]
    assert await stage.read_parked() == []


async def test_a_filled_gap_applies_up_to_a_failing_event(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    waiting = [
        build_record(key, 2, offset=0, event=build_status_changed(key, "poison")),
        build_record(key, 3, offset=1),
    ]
    await stage.receive(sub, waiting)
    await stage.receive(sub, [build_record(key, 1, offset=2)])
    assert await stage.read_cursor(key) == (1, 1, "PARKED")
    assert [(row["seq"], row["reason"]) for row in await stage.read_parked()] == [
        (2, "POISON"),
        (3, "BEHIND"),
    ]


async def test_the_same_position_with_another_id_stops_its_key_and_no_other(stage: ServicePair) -> None:
    sub, (key, other) = build_recorder(), create_keys(2)
    await stage.receive(sub, [build_record(key, 1, offset=0), build_record(key, 2, offset=1)])
    await stage.receive(
        sub,
        [build_record(key, 2, offset=2), build_record(key, 3, offset=3), build_record(other, 1, offset=4)],
    )
    assert await stage.read_cursor(key) == (1, 2, "DIVERGED")
    assert [(row["seq"], row["reason"]) for row in await stage.read_parked()] == [
        (2, "DIVERGENCE"),
        (3, "BEHIND"),
    ]
    assert await stage.read_received() == [(str(key), 1), (str(key), 2), (str(other), 1)]


async def test_a_higher_epoch_that_does_not_follow_stops_its_key(stage: ServicePair) -> None:
    """The publisher was restored from a backup and has lost the events after it."""
    sub, (key, other) = build_recorder(), create_keys(2)
    lost = [build_record(key, seq, offset=seq) for seq in (1, 2, 3)]
    await stage.receive(sub, [*lost, build_record(other, 1, offset=4)])
    again = [build_record(key, 2, epoch=2, offset=5), build_record(key, 3, epoch=2, offset=6)]
    await stage.receive(sub, [*again, build_record(other, 2, epoch=2, offset=7)])
    assert await stage.read_cursor(key) == (1, 3, "DIVERGED")
    assert await stage.read_cursor(other) == (2, 2, "OPEN")


async def test_a_raised_epoch_continues_the_stream(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    await stage.receive(sub, [build_record(key, 1, offset=0), build_record(key, 2, epoch=2, offset=1)])
    await stage.receive(sub, [build_record(key, 3, epoch=2, offset=2), build_record(key, 2, offset=3)])
    await stage.receive(
        sub, [build_record(key, 9, epoch=1, offset=4)]
    )  # of the story that was lost: behind for ever
    assert await stage.read_cursor(key) == (2, 3, "OPEN")
    assert [seq for _, seq in await stage.read_received()] == [1, 2, 3]


async def test_undecodable_bytes_are_parked_by_offset_and_stop_no_key(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    broken = [Record(TOPIC, 0, n, "x", value) for n, value in enumerate((b"\xff\x00", b"{}", b"[]", b""))]
    await stage.receive(sub, [*broken, build_record(key, 1, offset=4)])
    rows = await stage.read_parked()
    assert [(row["offset"], row["key"], row["reason"]) for row in rows] == [
        (n, None, "UNDECODABLE") for n in range(4)
    ]
    assert rows[0]["body"] == b"\xff\x00"
    assert await stage.read_received() == [(str(key), 1)]


async def test_an_unknown_type_only_moves_the_cursor(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    new = build_record(key, 1, wire="registry.something_new.v1", offset=0)
    await stage.receive(sub, [new, build_record(key, 2, offset=1)])
    assert await stage.read_cursor(key) == (1, 2, "OPEN")
    assert await stage.read_received() == [(str(key), 2)]


async def test_data_that_does_not_fit_its_class_parks_its_key(stage: ServicePair) -> None:
    sub, (key, other) = build_recorder(), create_keys(2)
    wrong = build_record(key, 1, wire=PendampingRegistered.wire, event=build_status_changed(key), offset=0)
    wrong = Record(TOPIC, 0, 0, str(key), wrong.value.replace(b'"pendamping_no":"1"', b'"pendamping_no":[]'))
    await stage.receive(sub, [wrong, build_record(other, 1, offset=1)])
    (row,) = await stage.read_parked()
    assert (row["key"], row["reason"], row["error"]) == (str(key), "POISON", "BadData")
    assert await stage.read_received() == [(str(other), 1)]


async def test_the_sealed_topic_has_no_gaps_and_cleared_bodies_are_ignored(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(topics=[SEALED]), create_keys(1)
    first, fourth = (
        build_record(key, seq, event=build_identity_sealed(key), topic=SEALED, offset=offset)
        for seq, offset in ((1, 0), (4, 2))
    )
    await stage.receive(sub, [first, Record(SEALED, 0, 1, str(key), b""), fourth])
    assert [seq for _, seq in await stage.read_received()] == [1, 4]
    assert await stage.read_parked() == []


async def test_a_replica_that_emits_is_refused(stage: ServicePair) -> None:
    """A replica would emit the same event again at every rebuild."""
    sub, (key,) = Subscription("pendamping", "replica", [TOPIC]), create_keys(1)

    @sub.on(PendampingRegistered)
    async def emit_more(session: object, event: PendampingRegistered, meta: Meta) -> None:
        emit(session, build_status_changed(event.pendamping_id))  # type: ignore[arg-type]

    await stage.receive(sub, [build_record(key, 1, event=build_registered(key), offset=0)])
    (row,) = await stage.read_parked("pendamping")
    assert row["error"] == "ReplicaEmitted"
    assert await stage.query_reader("SELECT * FROM platform.outbox") == []


async def test_a_batch_handler_gets_each_fact_once_and_in_order(stage: ServicePair) -> None:
    sub, emitted_keys = build_replica(), create_keys(50)
    facts = [(key, seq) for seq in range(1, 5) for key in emitted_keys]
    batch = [
        build_record(key, seq, event=build_registered(key, seq), offset=n)
        for n, (key, seq) in enumerate(facts)
    ]
    await stage.receive(sub, batch)
    await stage.receive(sub, batch)
    rows = await stage.query_reader("SELECT last_seq, pendamping_no FROM replica_pendamping.pendamping")
    assert [tuple(row) for row in rows] == [(4, "4")] * 50


async def test_the_cursor_stores_the_id_of_its_last_event(stage: ServicePair) -> None:
    sub, (key,) = build_recorder(), create_keys(1)
    last = uuid7()
    await stage.receive(sub, [build_record(key, 1, offset=0), build_record(key, 2, event_id=last, offset=1)])
    (row,) = await stage.query_reader("SELECT event_id FROM platform.cursor")
    assert str(row["event_id"]) == str(last)


@pytest.mark.parametrize(("kind", "is_set"), [("replica", True), ("reaction", False)])
async def test_only_a_replica_commits_without_waiting_for_the_disk(
    stage: ServicePair, kind: Literal["replica", "reaction"], is_set: bool
) -> None:
    sub, (key,), sources = Subscription("received", kind, [TOPIC]), create_keys(1), list[str]()

    @sub.on(PendampingStatusChanged)
    async def read_source(session: AsyncSession, _: PendampingStatusChanged) -> None:
        setting = "SELECT source FROM pg_settings WHERE name = 'synchronous_commit' AND setting = 'off'"
        sources.append(await session.scalar(sa.text(setting)) or "")

    await stage.receive(sub, [build_record(key, 1)])
    assert (sources == ["session"]) is is_set
