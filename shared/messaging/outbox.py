"""The outbox: `emit` collects events, and their positions are taken just before COMMIT."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from uuid_utils import uuid7

from shared import telemetry
from shared.errors import DomainError
from shared.events import Event, PreparedEvent
from shared.remedies import CORRECT_REQUEST
from shared.schema import SHARDS
from shared.transaction import KEY, Emitted, context_of

LARGEST_BODY = 262_144
MANY = 500
"""From so many events of a transaction on, they are written by COPY."""

TAKE_POSITIONS = """
INSERT INTO platform.stream AS stream (topic, key, seq)
SELECT topic, key, count FROM unnest($1::text[], $2::text[], $3::bigint[]) AS counts(topic, key, count)
ORDER BY topic, key
ON CONFLICT (topic, key) DO UPDATE SET seq = stream.seq + EXCLUDED.seq
RETURNING topic, key, seq, (SELECT value FROM platform.epoch) AS epoch, clock_timestamp() AS recorded_at,
    clock_timestamp() + make_interval(secs => (SELECT offset_seconds FROM platform.business_clock)) AS business_now
"""
WRITE_ROWS = """
WITH written AS (
    INSERT INTO platform.outbox (recorded_at, outbox_id, event_id, shard, topic, key, epoch, seq, wire, body)
    SELECT clock_timestamp(), nextval('platform.outbox_number'), event_id, shard, topic, key, epoch, seq, wire, body
    FROM (
        SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[],
                             $8::text[]) WITH ORDINALITY
            AS event(event_id, shard, topic, key, epoch, seq, wire, body, number)
        ORDER BY number
    ) AS event
    RETURNING shard, outbox_id, recorded_at
)
INSERT INTO platform.unsent (shard, outbox_id, recorded_at) SELECT shard, outbox_id, recorded_at FROM written
"""
NUMBERS = "SELECT nextval('platform.outbox_number') AS number FROM generate_series(1, $1)"
OUTBOX_COLUMNS = (
    "event_id",
    "shard",
    "topic",
    "key",
    "epoch",
    "seq",
    "wire",
    "body",
    "recorded_at",
    "outbox_id",
)
UNSENT_COLUMNS = ("shard", "recorded_at", "outbox_id")


class EventTooLarge(DomainError):
    """422: an event's body passes 256 KiB, which a broker may refuse."""

    status = 422
    en = "This is more data than one event can carry (256 KiB). Send less at once."
    id = "Data ini melebihi batas satu kejadian (256 KiB). Kirim lebih sedikit sekaligus."
    remedy = CORRECT_REQUEST


def shard_of(key: str) -> int:
    """Return the shard of a key, which never changes.

    In the local transport the shard is also the partition.
    """
    return zlib.crc32(key.encode()) % SHARDS


def emit(session: AsyncSession, event: Event | PreparedEvent, *, occurred_at: datetime | None = None) -> None:
    """Collect an event, to be written with the transaction's commit.

    `occurred_at` is business time in UTC. By default it is the time of the business clock at the commit.
    """
    context = context_of(session)
    context.events.append(Emitted(event, occurred_at, context.cause_of(event)))


async def write_events(session: AsyncSession) -> int:
    """Take the positions of all collected events and write their outbox rows.

    One statement locks the streams in sorted order, so that two transactions cannot deadlock.
    """
    context = context_of(session)
    emitted, context.events = context.events, []
    if not emitted:
        return 0
    connection: Any = context.driver
    counts: dict[tuple[str, str], int] = {}
    for event, _, _ in emitted:
        place = (event.topic, event.key)
        counts[place] = counts.get(place, 0) + 1
    # Sorted, so that two transactions with the same keys never wait for each other in a circle.
    streams = sorted(counts)
    rows = await connection.fetch(
        TAKE_POSITIONS, [t for t, _ in streams], [k for _, k in streams], [counts[place] for place in streams]
    )
    last = {(row["topic"], row["key"]): row["seq"] - counts[row["topic"], row["key"]] for row in rows}
    records = _records(session, emitted, last, rows[0]["epoch"], rows[0]["business_now"])
    if len(emitted) < MANY:
        await connection.execute(WRITE_ROWS, *map(list, zip(*records, strict=True)))
    else:
        numbers = [row["number"] for row in await connection.fetch(NUMBERS, len(emitted))]
        await _copy_records(connection, zip(records, numbers, strict=True), rows[0]["recorded_at"])
    return len(emitted)


async def _copy_records(
    connection: Any, records: Iterable[tuple[tuple[Any, ...], int]], recorded_at: datetime
) -> None:
    """Write many events with their numbers as `WRITE_ROWS` does."""
    unsent: list[tuple[Any, ...]] = []

    def outbox() -> Iterator[tuple[Any, ...]]:
        for record, number in records:
            unsent.append((record[1], recorded_at, number))
            yield *record, recorded_at, number

    # Fast path: two COPY write the events of a step in half the time of arrays, and PostgreSQL writes the first
    # events while the next envelopes are made (bench: intake).
    for table, columns, rows in (("outbox", OUTBOX_COLUMNS, outbox()), ("unsent", UNSENT_COLUMNS, unsent)):
        await connection.copy_records_to_table(table, records=rows, columns=columns, schema_name="platform")


def _records(
    session: AsyncSession,
    emitted: Sequence[Emitted],
    last: dict[tuple[str, str], int],
    epoch: int,
    now: datetime,
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of each event, in the order of the parameters of `WRITE_ROWS`."""
    for one in emitted:
        event = one.event
        place = (event.topic, event.key)
        last[place] += 1
        # Fast path: a text costs a quarter of a `uuid.UUID` and its text (bench: intake).
        event_id = str(uuid7())
        body = envelope(session, one, event_id, (epoch, last[place]), one.occurred_at or now)
        if len(body) > LARGEST_BODY:
            raise EventTooLarge
        yield event_id, shard_of(place[1]), *place, epoch, last[place], event.wire, body.decode()


def envelope(
    session: AsyncSession,
    emitted: Emitted,
    event_id: str,
    position: tuple[int, int],
    occurred_at: datetime,
) -> bytes:
    """Return the structured CloudEvents 1.0 JSON of one event.

    `position` is (epoch, seq) in its stream.
    """
    context, event, cause = context_of(session), emitted.event, emitted.cause
    actor = context.actor
    fields: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:pilar:{event.wire.partition('.')[0]}",
        "type": event.wire,
        "subject": event.key,
        "time": occurred_at,
        "datacontenttype": "application/json",
        "dataschema": f"urn:pilar:schema:{event.wire}",
        "epoch": position[0],
        "seq": position[1],
        "actor": actor.sub if actor else "system",
        "correlationid": str(cause.correlation_id) if cause else context.request_id or event_id,
    }
    if cause:
        fields["causationid"] = str(cause.event_id)
    if traceparent := cause.traceparent if cause else telemetry.current_traceparent():
        fields["traceparent"] = traceparent
    fields["data"] = orjson.Fragment(event.data)
    return orjson.dumps(fields, option=orjson.OPT_UTC_Z)


_event_counts: "WeakKeyDictionary[SessionTransaction, int]" = WeakKeyDictionary()


@sqlalchemy_event.listens_for(Session, "after_transaction_create")
def _count_events(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        _event_counts[transaction] = len(context_of(session).events)


@sqlalchemy_event.listens_for(Session, "after_soft_rollback")
def _drop_rolled_back(session: Session, transaction: SessionTransaction) -> None:
    """Drop the events that were emitted in a savepoint or transaction that is rolled back."""
    if transaction.parent is not None and not transaction.nested:
        return  # A failed flush: the savepoint or transaction around it is rolled back next.
    count_before = _event_counts.get(transaction, 0) if transaction.nested else 0
    del context_of(session).events[count_before:]


@sqlalchemy_event.listens_for(Session, "before_commit")
def _refuse_direct_commit(session: Session) -> None:
    """Refuse a plain `session.commit()`, which would lose the collected events silently."""
    if KEY in session.info and not session.in_nested_transaction():
        msg = "the commit did not come from Database.transaction"
        raise RuntimeError(msg)
