"""What could not be applied, per key and in order, in the reader's own database; nothing here has an expiry."""

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

# An event that already waits is not stored again, wherever a republish put its copy.
STORE = """
INSERT INTO platform.parked (subscription, topic, key, epoch, seq, event_id, wire, partition, "offset", body, reason,
                             error, sqlstate, constraint_name)
SELECT DISTINCT ON (n.topic, n.key, n.event_id, n.unread) $1, n.topic, n.key, n.epoch, n.seq, n.event_id, n.wire,
       n.partition, n."offset", n.body, n.reason, n.error, n.sqlstate, n.constraint_name
FROM (
    SELECT *, CASE WHEN event_id IS NULL THEN number END AS unread
    FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::text[], $8::smallint[], $9::bigint[],
                $10::bytea[], $11::text[], $12::text[], $13::text[], $14::text[]) WITH ORDINALITY
        AS told(topic, key, epoch, seq, event_id, wire, partition, "offset", body, reason, error, sqlstate,
                constraint_name, number)
) AS n
WHERE NOT EXISTS (
    SELECT FROM platform.parked AS p WHERE p.subscription = $1 AND p.topic = n.topic AND p.key = n.key
    AND p.epoch = n.epoch AND p.seq = n.seq AND p.event_id = n.event_id
)
ORDER BY n.topic, n.key, n.event_id, n.unread, n.number
ON CONFLICT (subscription, topic, partition, "offset") DO NOTHING
"""
WAITING = """
SELECT parked_id, topic, partition, "offset", key, body FROM platform.parked
WHERE subscription = $1 AND topic = $2 AND key = $3 ORDER BY epoch, seq, parked_id
"""
POISONED_LATELY = """
SELECT count(DISTINCT (topic, key)) FROM platform.parked
WHERE subscription = $1 AND reason = 'POISON' AND parked_at > clock_timestamp() - interval '5 minutes'
"""
PLACES = """
SELECT topic, key, epoch, seq, event_id FROM platform.cursor WHERE subscription = $1
AND (topic, key) IN (SELECT topic, key FROM unnest($2::text[], $3::text[]) AS w(topic, key))
"""


@dataclass(frozen=True, slots=True)
class Parking:
    """One event on its way to the parked table: why, and what went wrong (classes and names, never values)."""

    record: Record
    received: Received[Any] | None
    reason: Reason
    error: BaseException | None = None

    @property
    def at(self) -> tuple[str, str | None]:
        """Topic and key; no key when the bytes could not be read."""
        return (self.record.topic, self.received.meta.key if self.received else None)

    @property
    def known(self) -> Received[Any]:
        """The event, of a parking that has a key."""
        return cast("Received[Any]", self.received)


def position_of(received: Received[Any]) -> tuple[int, int]:
    """(epoch, seq), the order within a key."""
    return (received.meta.epoch, received.meta.seq)


async def store(connection: asyncpg.Connection, subscription: str, items: Sequence[Parking]) -> None:
    """Write what is to wait; an event already parked at its place stays as it is."""
    if not items:
        return
    rows = [_row(item) for item in items]
    await connection.execute(STORE, subscription, *map(list, zip(*rows, strict=True)))


def _row(item: Parking) -> tuple[Any, ...]:
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


async def waiting(
    session: AsyncSession, subscription: str, topic: str, key: str
) -> list[tuple[int, Received[Any]]]:
    """Return what is parked of a key, in order, each with its number."""
    rows = await (await raw(session)).fetch(WAITING, subscription, topic, key)
    return [
        (
            row["parked_id"],
            parse(Record(row["topic"], row["partition"], row["offset"], row["key"], bytes(row["body"]))),
        )
        for row in rows
    ]


async def forget(connection: asyncpg.Connection, numbers: Iterable[int]) -> None:
    """Remove what has been applied, or passed over by an operator."""
    wanted = list(numbers)
    if wanted:
        await connection.execute("DELETE FROM platform.parked WHERE parked_id = ANY($1::bigint[])", wanted)


async def poisoned_lately(connection: asyncpg.Connection, subscription: str) -> int:
    """Return how many keys a failing event stopped within five minutes."""
    count: int | None = await connection.fetchval(POISONED_LATELY, subscription)
    return count or 0


async def places_now(
    session: AsyncSession, subscription: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, int, UUID | None]]:
    """Return what the cursors of `keys` hold (epoch, seq, event id), before this transaction moves them."""
    wanted = sorted(keys)
    rows = await (await raw(session)).fetch(
        PLACES, subscription, [topic for topic, _ in wanted], [key for _, key in wanted]
    )
    return {(row["topic"], row["key"]): (row["epoch"], row["seq"], row["event_id"]) for row in rows}


async def order(session: AsyncSession, verb: Literal["retry", "skip"], at: Mapping[str, str]) -> int:
    """Note an operator's order for the worker, which alone runs handlers; return how many events wait.

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
