"""Publication of events: emit, positions, the outbox, the wake-up."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from sqlalchemy.exc import DBAPIError

from shared.contracts.registry import PendampingStatusChanged
from shared.database import UNSENT_CHANNEL, Database, sqlstate_of
from shared.messaging import emit, outbox
from shared.messaging.relay import SLOW_POLL_SECONDS
from shared.schema import MONTHS_AHEAD, months_from
from tests.factories.messaging.events import build_identity_sealed, build_status_changed, create_keys
from tests.factories.messaging.service_pair import ServicePair, wait_until

# lock_not_available and query_canceled: a timeout of PostgreSQL's own; a deadlock is 40P01.
WAITED_TOO_LONG = {"55P03", "57014"}
OUTBOX = "SELECT key, epoch, seq, body FROM platform.outbox ORDER BY outbox_id"


async def test_a_savepoint_rolled_back_drops_its_events_and_only_these(stage: ServicePair) -> None:
    (key,) = create_keys(1)
    async with stage.publisher.transaction() as session:
        emit(session, build_status_changed(key, "before"))
        with pytest.raises(LookupError):  # noqa: PT012
            async with session.begin_nested():
                emit(session, build_status_changed(key, "inside"))
                raise LookupError
        async with session.begin_nested():
            emit(session, build_status_changed(key, "kept"))
        emit(session, build_status_changed(key, "after"))
    bodies = [row["body"] for row in await stage.query_publisher(OUTBOX)]
    assert [
        reason for reason in ("before", "inside", "kept", "after") if any(reason in b for b in bodies)
    ] == [
        "before",
        "kept",
        "after",
    ]
    assert [row["seq"] for row in await stage.query_publisher(OUTBOX)] == [1, 2, 3]


async def test_a_plain_commit_with_events_is_refused(stage: ServicePair) -> None:
    with pytest.raises(RuntimeError, match="did not come from"):  # noqa: PT012
        async with stage.publisher.transaction() as session:
            emit(session, build_status_changed(create_keys(1)[0]))
            await session.commit()
    assert await stage.query_publisher(OUTBOX) == []


async def test_a_transaction_that_fails_stores_neither_change_nor_event(stage: ServicePair) -> None:
    change = (
        "INSERT INTO received (subscription, key, epoch, seq, wire, reason) VALUES ('s', 'k', 1, 1, 'w', $1)"
    )
    (key,) = create_keys(1)
    with pytest.raises(asyncpg.CheckViolationError):  # noqa: PT012
        async with stage.publisher.transaction() as session:
            connection = (await (await session.connection()).get_raw_connection()).driver_connection
            emit(session, build_status_changed(key))
            await connection.execute(change, "good")
            await connection.execute(change, "poison")
    assert await stage.query_publisher(OUTBOX) == []
    assert await stage.query_publisher("SELECT * FROM received") == []
    assert await stage.query_publisher("SELECT * FROM platform.stream") == []


async def test_a_commit_that_fails_stores_neither_change_nor_event(stage: ServicePair) -> None:
    await stage.query_publisher(
        "CREATE TABLE late (id int, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    await stage.query_publisher("GRANT ALL ON late TO publisher_worker")
    with pytest.raises(DBAPIError):  # noqa: PT012
        async with stage.publisher.transaction() as session:
            connection = (await (await session.connection()).get_raw_connection()).driver_connection
            await connection.execute("INSERT INTO late VALUES (1), (1)")
            emit(session, build_status_changed(create_keys(1)[0]))
    assert await stage.query_publisher("SELECT * FROM late") == []
    assert await stage.query_publisher(OUTBOX) == []
    assert await stage.query_publisher("SELECT * FROM platform.unsent") == []
    await stage.query_publisher("DROP TABLE late")


async def test_positions_are_taken_in_sorted_order_so_two_writers_never_deadlock(stage: ServicePair) -> None:
    """Each transaction emits for the same 300 keys, half of the writers in reverse order."""
    emitted_keys = create_keys(300)

    async def emit_batches(number: int) -> int:
        for _ in range(6):
            await _emit_with_retry(
                stage,
                [
                    build_status_changed(key)
                    for key in (emitted_keys if number % 2 else reversed(emitted_keys))
                ],
            )
        return 6

    commits = await asyncio.gather(*(emit_batches(number) for number in range(6)), return_exceptions=True)
    assert commits == [6] * 6, "nobody waited for another in a circle"
    rows = await stage.query_publisher(
        "SELECT key, count(*) AS n, min(seq) AS low, max(seq) AS high FROM platform.outbox GROUP BY 1"
    )
    assert {(row["n"], row["low"], row["high"]) for row in rows} == {(36, 1, 36)}
    assert len(rows) == 300


async def _emit_with_retry(stage: ServicePair, events: list[PendampingStatusChanged]) -> None:
    """Retry after a lock timeout, as a client would, but not after a deadlock."""
    for _ in range(20):
        try:
            return await stage.emit(*events)
        except DBAPIError as error:
            if sqlstate_of(error) not in WAITED_TOO_LONG:
                raise
    raise AssertionError("twenty times the queue was too long")


async def test_events_carry_the_raised_epoch_and_the_seq_continues(stage: ServicePair) -> None:
    (key,) = create_keys(1)
    await stage.emit(build_status_changed(key))
    await stage.query_publisher("UPDATE platform.epoch SET value = value + 1")
    await stage.emit(build_status_changed(key))
    assert [(row["epoch"], row["seq"]) for row in await stage.query_publisher(OUTBOX)] == [(1, 1), (2, 2)]


async def test_the_sealed_topic_has_its_own_positions(stage: ServicePair) -> None:
    (key,) = create_keys(1)
    await stage.emit(build_status_changed(key), build_status_changed(key), build_identity_sealed(key))
    rows = await stage.query_publisher("SELECT topic, seq FROM platform.outbox ORDER BY outbox_id")
    assert [tuple(row) for row in rows] == [("pilar.registry", 1), ("pilar.registry", 2), ("pilar.sealed", 1)]


async def test_a_later_months_partition_is_made_by_the_worker_and_not_by_the_api(stage: ServicePair) -> None:
    first, following = months_from(datetime.now(UTC), MONTHS_AHEAD + 6)[-2:]
    await stage.query_publisher(f"DROP TABLE IF EXISTS platform.outbox_{first:%Y_%m}")
    make = f"SELECT platform.make_month('{first:%Y-%m-%d}', '{following:%Y-%m-%d}')"
    api = await asyncpg.connect(stage.urls["publisher_api"])
    worker = await asyncpg.connect(stage.urls["publisher_worker"])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await api.execute(make)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await worker.execute("CREATE TABLE platform.own (id int)")
        assert await worker.fetchval(make) is True
        assert await worker.fetchval(make) is False
        with pytest.raises(asyncpg.RaiseError):
            await worker.fetchval("SELECT platform.make_month('2031-01-02', '2031-02-02')")
    finally:
        await api.close()
        await worker.close()
    assert await stage.query_publisher("SELECT to_regclass($1)::text", f"platform.outbox_{first:%Y_%m}") != [
        (None,)
    ]


async def test_the_relay_is_woken_well_before_its_slow_poll(stage: ServicePair) -> None:
    stage.start_relay()
    await wait_until(_build_listening_check(stage))
    waits = []
    for _ in range(5):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await stage.emit(build_status_changed(create_keys(1)[0]))
        await wait_until(_build_sent_check(stage), every=0.005)
        waits.append(loop.time() - began)
    assert sorted(waits)[2] < 0.6 * SLOW_POLL_SECONDS, waits


def _build_listening_check(stage: ServicePair) -> Callable[[], Awaitable[bool]]:
    async def is_listening() -> bool:
        rows = await stage.query_publisher(
            "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(rows[0]["n"] >= 24)

    return is_listening


def _build_sent_check(stage: ServicePair) -> Callable[[], Awaitable[bool]]:
    async def is_sent() -> bool:
        return not await stage.query_publisher("SELECT FROM platform.unsent")

    return is_sent


async def test_a_command_never_notifies_inside_its_transaction(stage: ServicePair) -> None:
    """NOTIFY in the transactions would serialise every commit of the cluster."""
    received: list[str] = []
    listener = await asyncpg.connect(stage.urls["publisher_worker"])
    await listener.add_listener(UNSENT_CHANNEL, lambda *args: received.append(args[2]))
    quiet = Database(stage.urls["publisher_api"], service="publisher", wake_relay=False)
    try:
        async with quiet.transaction() as session:
            emit(session, build_status_changed(create_keys(1)[0]))
        await listener.execute("SELECT 1")
        assert received == []
        await stage.emit(build_status_changed(create_keys(1)[0]))
        await wait_until(_build_received_check(received))
    finally:
        await listener.close()
        await quiet.close()


def _build_received_check(received: list[str]) -> Callable[[], Awaitable[bool]]:
    async def has_received() -> bool:
        return bool(received)

    return has_received


ROWS = """
SELECT o.event_id, o.shard, o.topic, o.key, o.epoch, o.seq, o.wire, o.body, u.shard = o.shard AS unsent,
    o.recorded_at = u.recorded_at AS same
FROM platform.outbox o LEFT JOIN platform.unsent u USING (outbox_id) ORDER BY outbox_id
"""


async def emit_in_turns(stage: ServicePair, keys: list[UUID], count: int) -> list[dict[str, Any]]:
    """Emit events of several keys in one transaction, and return their rows.

    Ids and times are left out.
    """
    before = len(await stage.query_publisher(OUTBOX))
    async with stage.publisher.transaction() as session:
        for number in range(count):
            emit(session, build_status_changed(keys[number % len(keys)], f"reason {number}"))
    written = [dict(row) for row in await stage.query_publisher(ROWS)][before:]
    for row in written:
        body = orjson.loads(row.pop("body"))
        assert body.pop("id") == str(row.pop("event_id"))
        assert datetime.fromisoformat(body.pop("time"))
        row["body"] = {**body, "correlationid": None}
    return written


async def test_many_events_of_a_transaction_are_written_like_few(
    stage: ServicePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = create_keys(3)
    many = await emit_in_turns(stage, keys, outbox.MANY)
    monkeypatch.setattr(outbox, "MANY", 10 * outbox.MANY)
    few = await emit_in_turns(stage, keys, len(many))
    assert [row["unsent"] and row["same"] for row in many] == [True] * len(many)
    # The second time the positions of each key go on.
    for row, first in zip(few, many, strict=True):
        added = sum(one["key"] == first["key"] for one in many)
        row["seq"], row["body"]["seq"] = row["seq"] - added, row["body"]["seq"] - added
    assert few == many


async def test_too_large_event_among_many_is_refused_and_none_is_written(
    stage: ServicePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, before = create_keys(1), await stage.query_publisher(OUTBOX)
    with monkeypatch.context() as small:
        small.setattr(outbox, "LARGEST_BODY", 100)
        with pytest.raises(outbox.EventTooLarge):
            await emit_in_turns(stage, keys, outbox.MANY)
    assert await stage.query_publisher(OUTBOX) == before
    assert len(await emit_in_turns(stage, keys, outbox.MANY)) == outbox.MANY
