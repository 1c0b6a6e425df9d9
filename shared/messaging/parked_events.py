"""Parked events: those that could not be applied, in order per key. They never expire."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.database import constraint_of, raw, sqlstate_of
from shared.errors import NotFound
from shared.messaging.envelope import Received, Record, Unreadable, parse

Reason = Literal["POISON", "BEHIND", "GAP", "DIVERGENCE"] | Unreadable

# An event that is parked already is not stored again, although a republish gives its copy another offset.
STORE = """
INSERT INTO platform.parked (subscription, topic, key, epoch, seq, event_id, wire, partition, "offset", body, reason,
                             error, sqlstate, constraint_name)
SELECT DISTINCT ON (n.topic, n.key, n.event_id, n.unread) $1, n.topic, n.key, n.epoch, n.seq, n.event_id, n.wire,
       n.partition, n."offset", n.body, n.reason, n.error, n.sqlstate, n.constraint_name
FROM (
    SELECT *, CASE WHEN event_id IS NULL THEN number END AS unread
    FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::text[], $8::smallint[], $9::bigint[],
                $10::bytea[], $11::text[], $12::text[], $13::text[], $14::text[]) WITH ORDINALITY
        AS event(topic, key, epoch, seq, event_id, wire, partition, "offset", body, reason, error, sqlstate,
                constraint_name, number)
) AS n
WHERE NOT EXISTS (
    SELECT FROM platform.parked AS p WHERE p.subscription = $1 AND p.topic = n.topic AND p.key = n.key
    AND p.epoch = n.epoch AND p.seq = n.seq AND p.event_id = n.event_id
)
ORDER BY n.topic, n.key, n.event_id, n.unread, n.number
ON CONFLICT (subscription, topic, partition, "offset") DO NOTHING
"""
SELECT_PARKED = """
SELECT parked_id, topic, partition, "offset", key, body FROM platform.parked
WHERE subscription = $1 AND topic = $2 AND key = $3 ORDER BY epoch, seq, parked_id
"""
COUNT_POISONED = """
SELECT count(DISTINCT (topic, key)) FROM platform.parked
WHERE subscription = $1 AND reason = 'POISON' AND parked_at > clock_timestamp() - interval '5 minutes'
"""
SELECT_POSITIONS = """
SELECT topic, key, epoch, seq, event_id FROM platform.cursor WHERE subscription = $1
AND (topic, key) IN (SELECT topic, key FROM unnest($2::text[], $3::text[]) AS w(topic, key))
"""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event to be parked, with its reason.

    Of the error only its class and names are stored, never values.
    """

    record: Record
    received: Received[Any] | None
    reason: Reason
    error: BaseException | None = None

    @property
    def at(self) -> tuple[str, str | None]:
        """Topic and key. The key is None when the bytes could not be read."""
        return (self.record.topic, self.received.meta.key if self.received else None)

    @property
    def event(self) -> Received[Any]:
        """The received event, where the bytes could be read."""
        return cast("Received[Any]", self.received)


def position_of(received: Received[Any]) -> tuple[int, int]:
    """Return (epoch, seq), which orders the events of a key."""
    return (received.meta.epoch, received.meta.seq)


async def store(connection: asyncpg.Connection, subscription: str, items: Sequence[ParkedEvent]) -> None:
    """Park the events. One that is parked already does not change."""
    if not items:
        return
    rows = [_row(item) for item in items]
    await connection.execute(STORE, subscription, *map(list, zip(*rows, strict=True)))


def _row(item: ParkedEvent) -> tuple[Any, ...]:
    meta = item.received.meta if item.received else None
    error = item.error
    return (
        item.record.topic,
        meta.key if meta else None,
        meta.epoch if meta else None,
        meta.seq if meta else None,
        meta.event_id if meta else None,
        meta.wire if meta else None,
        item.record.partition,
        item.record.offset,
        item.record.value,
        item.reason,
        type(error).__name__ if error else None,
        (sqlstate_of(error) or None) if error else None,
        (constraint_of(error) or None) if error else None,
    )


async def load(
    session: AsyncSession, subscription: str, topic: str, key: str
) -> list[tuple[int, Received[Any]]]:
    """Return the parked events of a key in order, each with its id."""
    rows = await (await raw(session)).fetch(SELECT_PARKED, subscription, topic, key)
    return [
        (
            row["parked_id"],
            parse(Record(row["topic"], row["partition"], row["offset"], row["key"], bytes(row["body"]))),
        )
        for row in rows
    ]


async def delete(connection: asyncpg.Connection, parked_ids: Iterable[int]) -> None:
    """Delete parked events that were applied, or skipped by an operator."""
    ids = list(parked_ids)
    if ids:
        await connection.execute("DELETE FROM platform.parked WHERE parked_id = ANY($1::bigint[])", ids)


async def count_recently_poisoned(connection: asyncpg.Connection, subscription: str) -> int:
    """Return how many keys were parked by a failing event within the last five minutes."""
    count: int | None = await connection.fetchval(COUNT_POISONED, subscription)
    return count or 0


async def read_positions(
    session: AsyncSession, subscription: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, int, UUID | None]]:
    """Return the stored (epoch, seq, event id) of the cursors of `keys`."""
    sorted_keys = sorted(keys)
    rows = await (await raw(session)).fetch(
        SELECT_POSITIONS, subscription, [topic for topic, _ in sorted_keys], [key for _, key in sorted_keys]
    )
    return {(row["topic"], row["key"]): (row["epoch"], row["seq"], row["event_id"]) for row in rows}


async def request_action(session: AsyncSession, verb: Literal["retry", "skip"], at: Mapping[str, str]) -> int:
    """Schedule an operator's action for the worker, which alone runs handlers.

    Returns:
        how many events of the key are parked.

    Raises:
        NotFound: nothing of that key is parked.
    """
    from shared.jobs import schedule

    table = schema.parked
    here = (
        table.c.subscription == at["subscription"],
        table.c.topic == at["topic"],
        table.c.key == at["key"],
    )
    count = await session.scalar(select(func.count()).where(*here)) or 0
    if not count:
        raise NotFound("parked event")
    subject = "|".join((at["subscription"], at["topic"], at["key"]))
    await schedule(
        session, f"parked.{verb}", datetime.now(UTC), subject_id=subject, clock="real", payload=dict(at)
    )
    return count
