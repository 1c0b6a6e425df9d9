"""Where each key stands for a subscription, and what an event means there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import raw
from shared.events import SEALED_TOPIC
from shared.messaging.envelope import Received, Record
from shared.messaging.subscription import Subscription
from shared.transaction import context_of

NOW = "@now"
"""Rows of consumer_offset under a name that ends so say up to where a reaction that starts `now` only follows."""

Verdict = Literal["apply", "duplicate", "gap", "divergence"]

OPEN_CURSORS = """
INSERT INTO platform.cursor (subscription, topic, key)
SELECT $1, topic, key FROM json_to_recordset($2::json) AS wanted(topic text, key text) ORDER BY topic, key
ON CONFLICT (subscription, topic, key) DO NOTHING RETURNING topic, key
"""
LOCK_CURSORS = """
SELECT topic, key, epoch, seq, event_id, state FROM platform.cursor WHERE subscription = $1 AND (topic, key) IN
    (SELECT topic, key FROM json_to_recordset($2::json) AS wanted(topic text, key text)) ORDER BY topic, key FOR UPDATE
"""
MOVE_CURSORS = """
UPDATE platform.cursor AS c SET epoch = m.epoch, seq = m.seq, event_id = m.event_id, state = m.state
FROM json_to_recordset($2::json) AS m(topic text, key text, epoch int, seq bigint, event_id uuid, state text)
WHERE c.subscription = $1 AND c.topic = m.topic AND c.key = m.key
"""
# A batch must begin at, or before, what is stored: one that begins behind it would skip what lies between.
MOVE_OFFSETS = """
UPDATE platform.consumer_offset AS o SET next_offset = n.next_offset, last_event_id = n.last_event_id
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[], $6::int[], $7::bigint[])
    AS n(topic, partition, next_offset, last_event_id, generation, first_offset)
WHERE o.subscription = $1 AND o.topic = n.topic AND o.partition = n.partition AND o.generation = n.generation
  AND o.next_offset BETWEEN n.first_offset AND n.next_offset
RETURNING o.topic, o.partition
"""
NEW_OFFSETS = """
INSERT INTO platform.consumer_offset (subscription, topic, partition, next_offset, last_event_id, generation)
SELECT $1, topic, partition, next_offset, last_event_id, generation
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[], $6::int[], $7::bigint[])
    AS n(topic, partition, next_offset, last_event_id, generation, first_offset)
ORDER BY topic, partition
ON CONFLICT (subscription, topic, partition) DO NOTHING
RETURNING topic, partition
"""
MARKS = "SELECT topic, partition, next_offset FROM platform.consumer_offset WHERE subscription = $1"


class PositionMoved(Exception):
    """The stored position of a partition changed under this reader: it reads again from what is stored."""


@dataclass(slots=True)
class Place:
    """Where a key stands: the cursor's row, as this transaction moves it."""

    epoch: int
    seq: int
    event_id: UUID | None
    state: str
    moved: bool = False

    def follow(self, received: Received[Any]) -> None:
        """Move to this event; never back."""
        meta = received.meta
        self.epoch, self.seq, self.event_id, self.moved = meta.epoch, meta.seq, meta.event_id, True

    def turn(self, state: str) -> None:
        """Let the key wait, stop or flow."""
        self.state, self.moved = state, True


def judge(place: Place, received: Received[Any]) -> Verdict:
    """Say what an event is at a key's place: next, known already, too early, or of another story.

    A lower epoch is behind for ever: it is what a restored publisher no longer knows of.
    """
    meta = received.meta
    if meta.epoch < place.epoch:
        return "duplicate"
    if meta.topic == SEALED_TOPIC:
        return "apply" if (meta.epoch, meta.seq) > (place.epoch, place.seq) else "duplicate"
    if meta.epoch > place.epoch and place.seq:
        return "apply" if meta.seq == place.seq + 1 else "divergence"
    if place.seq and meta.seq == place.seq and meta.event_id != place.event_id:
        # A position that an operator passed over without its event has no id to compare.
        return "divergence" if place.event_id else "duplicate"
    if meta.seq <= place.seq:
        return "duplicate"
    return "apply" if meta.seq == place.seq + 1 else "gap"


async def lock_places(
    session: AsyncSession, subscription: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Place]:
    """Make and lock the cursors of `keys`, sorted. A lock on a row that is not there locks nothing: so first INSERT.

    What the INSERT made is this transaction's own, at the beginning; the rest is locked, and read.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    connection = await raw(session)
    made = await connection.fetch(OPEN_CURSORS, subscription, _as_json(wanted))
    places = {(row["topic"], row["key"]): Place(0, 0, None, "OPEN") for row in made}
    known = [at for at in wanted if at not in places]
    rows = await connection.fetch(LOCK_CURSORS, subscription, _as_json(known)) if known else ()
    for row in rows:
        places[row["topic"], row["key"]] = Place(row["epoch"], row["seq"], row["event_id"], row["state"])
    return places


def _as_json(keys: list[tuple[str, str]]) -> str:
    """Rows as one JSON text: the driver looks at each element of an array, twice."""
    return orjson.dumps([{"topic": topic, "key": key} for topic, key in keys]).decode()


async def move(connection: Any, subscription: str, places: dict[tuple[str, str], Place]) -> None:
    """Write the places that this transaction moved."""
    moved = [
        {
            "topic": topic,
            "key": key,
            "epoch": place.epoch,
            "seq": place.seq,
            "event_id": place.event_id and str(place.event_id),
            "state": place.state,
        }
        for (topic, key), place in places.items()
        if place.moved
    ]
    if moved:
        await connection.execute(MOVE_CURSORS, subscription, orjson.dumps(moved).decode())


async def move_offsets(
    connection: Any,
    subscription: str,
    records: Sequence[Record],
    ids: dict[tuple[str, int, int], UUID],
    generations: dict[tuple[str, int], int],
) -> None:
    """Store, per partition, what to read next.

    Raises:
        PositionMoved: what is stored is not where these records begin, or belongs to a later generation.
    """
    first: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], int] = {}
    for record in records:
        at = (record.topic, record.partition)
        first.setdefault(at, record.offset)
        last[at] = record.offset
    stored: set[tuple[str, int]] = set()
    for statement in (MOVE_OFFSETS, NEW_OFFSETS):
        left = sorted(set(last) - stored)
        if not left:
            return
        rows = await connection.fetch(
            statement,
            subscription,
            [topic for topic, _ in left],
            [partition for _, partition in left],
            [last[at] + 1 for at in left],
            [ids.get((*at, last[at])) for at in left],
            [generations.get(at, 0) for at in left],
            [first[at] for at in left],
        )
        stored |= {(row["topic"], row["partition"]) for row in rows}
    if set(last) - stored:
        raise PositionMoved


async def know_the_start(session: AsyncSession, subscription: Subscription) -> None:
    """Let the session know which records lie before the `now` at which a reaction started."""
    if subscription.starts == "now":
        rows = await (await raw(session)).fetch(MARKS, subscription.name + NOW)
        context_of(session).started = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


def before_the_start(session: AsyncSession, record: Record) -> bool:
    """Whether a record lies before the start of a reaction that starts `now`: its cursor moves, and nothing else."""
    started = context_of(session).started
    return started is not None and record.offset < started.get((record.topic, record.partition), 0)
