"""Cursors (last applied position of each key) and offsets (next record of each partition)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import raw
from shared.events import SEALED_TOPIC
from shared.messaging.envelope import Received
from shared.messaging.subscription import Subscription
from shared.transaction import context_of

NOW_SUFFIX = "@now"
"""Suffix of the consumer_offset rows that store where a reaction that starts `now` began.

Before those offsets only its cursors advance.
"""

Classification = Literal["apply", "duplicate", "gap", "divergence"]

# Locked before the cursors are read, because a lock on a cursor that is missing locks nothing.
LOCK_OFFSETS = """
SELECT FROM platform.consumer_offset AS o JOIN unnest($2::text[], $3::smallint[]) AS n(topic, partition)
ON o.subscription = $1 AND o.topic = n.topic AND o.partition = n.partition
ORDER BY o.topic, o.partition FOR NO KEY UPDATE OF o
"""
# One lookup per key: with a join, a small batch would read all cursors of the subscription (bench: latency).
LOCK_CURSORS = """
SELECT c.topic, c.key, c.epoch, c.seq, c.event_id, c.state
FROM (SELECT topic, key FROM json_to_recordset($2::json) AS given(topic text, key text) ORDER BY topic, key) AS keys
CROSS JOIN LATERAL (
    SELECT topic, key, epoch, seq, event_id, state FROM platform.cursor
    WHERE subscription = $1 AND topic = keys.topic AND key = keys.key LIMIT 1 FOR UPDATE
) AS c
"""
# Every row exists and is locked. An UPDATE with a join would read all cursors of the subscription.
UPDATE_CURSORS = """
INSERT INTO platform.cursor (subscription, topic, key, epoch, seq, event_id, state)
SELECT $1, topic, key, epoch, seq, event_id, state
FROM json_to_recordset($2::json) AS m(topic text, key text, epoch int, seq bigint, event_id uuid, state text)
ON CONFLICT (subscription, topic, key)
DO UPDATE SET epoch = EXCLUDED.epoch, seq = EXCLUDED.seq, event_id = EXCLUDED.event_id, state = EXCLUDED.state
"""
INSERT_CURSORS = """
INSERT INTO platform.cursor (subscription, topic, key, epoch, seq, event_id, state)
SELECT $1, topic, key, epoch, seq, event_id, state
FROM json_to_recordset($2::json) AS m(topic text, key text, epoch int, seq bigint, event_id uuid, state text)
ORDER BY topic, key ON CONFLICT (subscription, topic, key) DO NOTHING
"""
# A batch must begin at or before the stored offset. One that begins after it would skip records.
UPDATE_OFFSETS = """
UPDATE platform.consumer_offset AS o SET next_offset = n.next_offset, last_event_id = n.last_event_id
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[], $6::int[], $7::bigint[])
    AS n(topic, partition, next_offset, last_event_id, generation, first_offset)
WHERE o.subscription = $1 AND o.topic = n.topic AND o.partition = n.partition AND o.generation = n.generation
  AND o.next_offset BETWEEN n.first_offset AND n.next_offset
RETURNING o.topic, o.partition
"""
INSERT_OFFSETS = """
INSERT INTO platform.consumer_offset (subscription, topic, partition, next_offset, last_event_id, generation)
SELECT $1, topic, partition, next_offset, last_event_id, generation
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[], $6::int[], $7::bigint[])
    AS n(topic, partition, next_offset, last_event_id, generation, first_offset)
ORDER BY topic, partition
ON CONFLICT (subscription, topic, partition) DO NOTHING
RETURNING topic, partition
"""
START_OFFSETS = "SELECT topic, partition, next_offset FROM platform.consumer_offset WHERE subscription = $1"


class PositionMoved(Exception):
    """Another reader or a rebuild has changed a stored offset or a first cursor."""


@dataclass(slots=True)
class Cursor:
    """The last applied position of a key, as this transaction changes it."""

    epoch: int = 0
    seq: int = 0
    event_id: UUID | None = None
    state: str = "OPEN"
    stored: bool = False
    moved: bool = False

    def advance_to(self, received: Received[Any]) -> None:
        """Move the position to this event."""
        meta = received.meta
        self.epoch, self.seq, self.event_id, self.moved = meta.epoch, meta.seq, meta.event_id, True

    def set_state(self, state: str) -> None:
        self.state, self.moved = state, True


@dataclass(slots=True)
class ReadRange:
    """The offsets that a batch has of a partition.

    `last_id` is the event of the last record, None if it is no event.
    """

    first: int
    last: int
    last_id: UUID | None


def classify(cursor: Cursor, received: Received[Any]) -> Classification:
    """Classify an event: apply, duplicate, gap or divergence.

    An event of a lower epoch is always a duplicate: its publisher was restored to a time before it.
    """
    meta = received.meta
    if meta.epoch < cursor.epoch:
        return "duplicate"
    if meta.topic == SEALED_TOPIC:
        return "apply" if (meta.epoch, meta.seq) > (cursor.epoch, cursor.seq) else "duplicate"
    if meta.epoch > cursor.epoch and cursor.seq:
        return "apply" if meta.seq == cursor.seq + 1 else "divergence"
    if cursor.seq and meta.seq == cursor.seq and meta.event_id != cursor.event_id:
        # A position that an operator skipped without its event has no id to compare.
        return "divergence" if cursor.event_id else "duplicate"
    if meta.seq <= cursor.seq:
        return "duplicate"
    return "apply" if meta.seq == cursor.seq + 1 else "gap"


async def lock_offsets(
    session: AsyncSession, subscription: str, partitions: Iterable[tuple[str, int]]
) -> None:
    """Lock the stored offsets of these partitions.

    One reader at a time applies the events of their keys.
    """
    sorted_partitions = sorted(partitions)
    await (await raw(session)).fetch(
        LOCK_OFFSETS,
        subscription,
        [topic for topic, _ in sorted_partitions],
        [partition for _, partition in sorted_partitions],
    )


async def lock_cursors(
    session: AsyncSession, subscription: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Cursor]:
    """Read the cursors of `keys` and lock them, in sorted order.

    A new key has no cursor to lock. `store_cursors` refuses to write over the one of another reader.
    """
    cursors = {at: Cursor() for at in sorted(set(keys))}
    if not cursors:
        return {}
    # Fast path: one JSON text, because the driver encodes each element of an array twice.
    as_json = orjson.dumps([{"topic": topic, "key": key} for topic, key in cursors]).decode()
    for topic, key, *position in await (await raw(session)).fetch(LOCK_CURSORS, subscription, as_json):
        cursors[topic, key] = Cursor(*position, stored=True)
    return cursors


async def store_cursors(connection: Any, subscription: str, cursors: dict[tuple[str, str], Cursor]) -> None:
    """Write the cursors that this transaction changed.

    Raises:
        PositionMoved: another reader has written the first cursor of a key.
    """
    # Fast path: a new cursor is written once, not before and after the handlers: 5 µs of 80 (bench: replica).
    new = _rows_of(cursors, stored=False)
    if new:
        answer = await connection.execute(INSERT_CURSORS, subscription, orjson.dumps(new).decode())
        if answer != f"INSERT 0 {len(new)}":
            raise PositionMoved
    existing = _rows_of(cursors, stored=True)
    if existing:
        await connection.execute(UPDATE_CURSORS, subscription, orjson.dumps(existing).decode())


def _rows_of(cursors: dict[tuple[str, str], Cursor], *, stored: bool) -> list[dict[str, object]]:
    return [
        {
            "topic": topic,
            "key": key,
            "epoch": cursor.epoch,
            "seq": cursor.seq,
            "event_id": cursor.event_id and str(cursor.event_id),
            "state": cursor.state,
        }
        for (topic, key), cursor in cursors.items()
        if cursor.moved and cursor.stored is stored
    ]


async def store_offsets(
    connection: Any,
    subscription: str,
    ranges: dict[tuple[str, int], ReadRange],
    generations: dict[tuple[str, int], int],
) -> None:
    """Store the next offset of each partition.

    Raises:
        PositionMoved: the stored offset is not where these records begin, or is of a later generation.
    """
    stored: set[tuple[str, int]] = set()
    for statement in (UPDATE_OFFSETS, INSERT_OFFSETS):
        missing = sorted(set(ranges) - stored)
        if not missing:
            return
        rows = await connection.fetch(
            statement,
            subscription,
            [topic for topic, _ in missing],
            [partition for _, partition in missing],
            [ranges[at].last + 1 for at in missing],
            [ranges[at].last_id for at in missing],
            [generations.get(at, 0) for at in missing],
            [ranges[at].first for at in missing],
        )
        stored |= {(row["topic"], row["partition"]) for row in rows}
    if set(ranges) - stored:
        raise PositionMoved


async def load_start_offsets(session: AsyncSession, subscription: Subscription) -> None:
    """Load into the session the offsets at which a reaction that starts `now` began."""
    if subscription.starts == "now":
        rows = await (await raw(session)).fetch(START_OFFSETS, subscription.name + NOW_SUFFIX)
        context_of(session).start_offsets = {
            (row["topic"], row["partition"]): row["next_offset"] for row in rows
        }
