"""Applying what arrived: cursors, handlers and offsets in one transaction. Seen before: nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import telemetry
from shared.access import Actor
from shared.database import Database, raw, sqlstate_of
from shared.errors import DomainError
from shared.events import class_of
from shared.faults import faultpoint
from shared.messaging import parking
from shared.messaging.subscription import (
    BadData,
    BatchHandler,
    OneHandler,
    Received,
    Record,
    Subscription,
    Undecodable,
    fact_of,
    parse,
)

SEALED_TOPIC = "pilar.sealed"
# Not the event's fault: deadlock, serialization, lock timeout, shutdown, connections; 57014 is judged by its count.
TRANSIENT = frozenset({"40P01", "40001", "55P03", "57P01", "57P02", "57P03", "53300", "25P03"})
STATEMENT_TIMEOUT = "57014"
TIMEOUTS_BEFORE_PARKING = 5

OPEN_CURSORS = """
INSERT INTO platform.cursor (subscription, topic, key)
SELECT $1, topic, key FROM unnest($2::text[], $3::text[]) AS wanted(topic, key) ORDER BY topic, key
ON CONFLICT (subscription, topic, key) DO NOTHING
"""
LOCK_CURSORS = """
SELECT topic, key, epoch, seq, event_id, state FROM platform.cursor
WHERE subscription = $1 AND (topic, key) IN (SELECT topic, key FROM unnest($2::text[], $3::text[]) AS w(topic, key))
ORDER BY topic, key FOR UPDATE
"""
MOVE_CURSORS = """
UPDATE platform.cursor AS c SET epoch = m.epoch, seq = m.seq, event_id = m.event_id, state = m.state
FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::text[])
    AS m(topic, key, epoch, seq, event_id, state)
WHERE c.subscription = $1 AND c.topic = m.topic AND c.key = m.key
"""
STORE_OFFSETS = """
INSERT INTO platform.consumer_offset AS o (subscription, topic, partition, next_offset, last_event_id, generation)
SELECT $1, topic, partition, next_offset, last_event_id, generation
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[], $6::int[])
    AS n(topic, partition, next_offset, last_event_id, generation)
ORDER BY topic, partition
ON CONFLICT (subscription, topic, partition) DO UPDATE
SET next_offset = EXCLUDED.next_offset, last_event_id = EXCLUDED.last_event_id
WHERE o.generation = EXCLUDED.generation AND o.next_offset <= EXCLUDED.next_offset
RETURNING topic, partition
"""


class PositionMoved(Exception):
    """The stored position of a partition changed under this reader: it reads again from what is stored."""


@dataclass(slots=True)
class Place:
    """Where a key stands: the cursor's row, as this batch moves it."""

    epoch: int
    seq: int
    event_id: UUID | None
    state: str
    moved: bool = False

    def follow(self, received: Received[Any]) -> None:
        """Move to this event; never back."""
        meta = received.meta
        self.epoch, self.seq, self.event_id, self.moved = meta.epoch, meta.seq, meta.event_id, True


@dataclass(slots=True)
class Batch:
    """What one transaction applies."""

    subscription: Subscription
    places: dict[tuple[str, str], Place]
    service: str
    ready: list[Received[Any]] = field(default_factory=list["Received[Any]"])
    parked: list[parking.Parking] = field(default_factory=list["parking.Parking"])
    healed: list[int] = field(default_factory=list[int])

    def decide(self, received: Received[Any]) -> None:
        """Apply, drop, wait or stop: architecture.md, Cursor."""
        meta = received.meta
        place = self.places[meta.topic, meta.key]
        verdict = judge(place, received)
        if verdict == "duplicate":
            telemetry.duplicates.labels(self.service, self.subscription.name).inc()
        elif verdict == "divergence":
            place.state, place.moved = "DIVERGED", True
            telemetry.divergences.labels(self.service, self.subscription.name).inc()
            self.parked.append(parking.Parking(received.record, received, "DIVERGENCE"))
        elif place.state in {"PARKED", "DIVERGED"}:
            self.parked.append(parking.Parking(received.record, received, "BEHIND"))
        elif verdict == "gap":
            place.state, place.moved = "GAP", True
            telemetry.gaps.labels(self.service, self.subscription.name).inc()
            self.parked.append(parking.Parking(received.record, received, "GAP"))
        else:
            place.follow(received)
            self.ready.append(received)


def judge(place: Place, received: Received[Any]) -> str:
    """Return apply, duplicate, gap or divergence for an event at a key's place."""
    meta = received.meta
    if place.seq == 0 or (meta.topic == SEALED_TOPIC and meta.seq > place.seq):
        return "apply" if meta.seq == 1 or meta.topic == SEALED_TOPIC else "gap"
    if meta.epoch > place.epoch:
        return "apply" if meta.seq == place.seq + 1 else "divergence"
    if meta.seq == place.seq and meta.epoch == place.epoch and meta.event_id != place.event_id:
        return "divergence"
    if meta.seq <= place.seq:
        return "duplicate"
    if meta.epoch < place.epoch:
        return "divergence"
    return "apply" if meta.seq == place.seq + 1 else "gap"


async def receive(
    database: Database,
    subscription: Subscription,
    records: Sequence[Record],
    generations: dict[tuple[str, int], int] | None = None,
    *,
    translate: dict[str, str] | None = None,
    name: str | None = None,
) -> int:
    """Apply a poll's records, all in one transaction; return how many facts were new.

    Raises:
        PositionMoved: another reader, or a rebuild, moved the stored offset meanwhile; nothing was applied.
        SQLAlchemyError, OSError: the database's fault; nothing was applied, try again.
    """
    if not records:
        return 0
    understood, broken = _parse_all(records)
    try:
        return await _apply(
            database, subscription, records, understood, broken, generations or {}, translate, name
        )
    except (
        SQLAlchemyError,
        DomainError,
        BadData,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as e:
        if _transient(e):
            raise
    return await _apply(
        database, subscription, records, understood, broken, generations or {}, translate, name, singly=True
    )


def _parse_all(records: Sequence[Record]) -> tuple[list[Received[Any]], list[parking.Parking]]:
    understood: list[Received[Any]] = []
    broken: list[parking.Parking] = []
    for record in records:
        try:
            understood.append(parse(record))
        except Undecodable as error:
            broken.append(parking.Parking(record, None, "UNDECODABLE", error=error))
    return understood, broken


def _transient(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate_of(error)
    return state in TRANSIENT or state.startswith("08")


async def _apply(
    database: Database,
    subscription: Subscription,
    records: Sequence[Record],
    understood: list[Received[Any]],
    broken: list[parking.Parking],
    generations: dict[tuple[str, int], int],
    translate: dict[str, str] | None,
    name: str | None,
    *,
    singly: bool = False,
) -> int:
    async with database.transaction(Actor.system(database.service), translate=translate) as session:
        called = session.info["subscription"] = name or subscription.name
        places = await lock_places(session, called, [(r.meta.topic, r.meta.key) for r in understood])
        batch = Batch(subscription, places, database.service, parked=list(broken))
        for received in understood:
            batch.decide(received)
        await _heal(session, batch, called)
        if singly:
            await _one_by_one(session, batch)
        else:
            await run_handlers(session, subscription, batch.ready)
        await faultpoint("consumer.before_commit")
        await _keep(session, batch, called, records, generations)
    telemetry.applied.labels(database.service, subscription.name).inc(len(batch.ready))
    await faultpoint("consumer.after_commit")
    return len(batch.ready)


async def lock_places(
    session: AsyncSession, subscription: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Place]:
    """Make and lock the cursors of `keys`, sorted. A lock on a row that is not there locks nothing: so first INSERT."""
    wanted = sorted(set(keys))
    connection = await raw(session)
    topics, names = [topic for topic, _ in wanted], [key for _, key in wanted]
    await connection.execute(OPEN_CURSORS, subscription, topics, names)
    rows = await connection.fetch(LOCK_CURSORS, subscription, topics, names)
    return {
        (row["topic"], row["key"]): Place(row["epoch"], row["seq"], row["event_id"], row["state"])
        for row in rows
    }


async def _heal(session: AsyncSession, batch: Batch, called: str) -> None:
    """What waited for a missing event follows it at once, in order."""
    for (topic, key), place in batch.places.items():
        if place.state != "GAP" or not place.moved:
            continue
        stored = [
            (received, number) for number, received in await parking.waiting(session, called, topic, key)
        ]
        fresh = [(p.known, None) for p in batch.parked if p.at == (topic, key)]
        left = 0
        for received, number in sorted(stored + fresh, key=lambda item: parking.position_of(item[0])):
            verdict = judge(place, received)
            if verdict == "apply":
                place.follow(received)
                batch.ready.append(received)
            if verdict in {"gap", "divergence"}:
                left += 1
            elif number is not None:
                batch.healed.append(number)
            else:
                batch.parked = [p for p in batch.parked if p.received is not received]
        place.state = "GAP" if left else "OPEN"


async def _one_by_one(session: AsyncSession, batch: Batch) -> None:
    """Each event under a savepoint of its own; one that fails stops its key, and no other."""
    applied: list[Received[Any]] = []
    before = await _places_before(session, batch)
    for received in batch.ready:
        at = (received.meta.topic, received.meta.key)
        place = batch.places[at]
        if place.state == "PARKED":
            batch.parked.append(parking.Parking(received.record, received, "BEHIND"))
            continue
        try:
            async with session.begin_nested():
                await run_handlers(session, batch.subscription, [received])
        except Exception as error:
            if _transient(error) or not may_park(batch.subscription.name, received, error):
                raise
            place.state = "PARKED"
            batch.parked.append(parking.Parking(received.record, received, "POISON", error=error))
            continue
        applied.append(received)
        before[at] = (received.meta.epoch, received.meta.seq, received.meta.event_id)
    for at, (epoch, seq, event_id) in before.items():
        if batch.places[at].state == "PARKED":
            place = batch.places[at]
            place.epoch, place.seq, place.event_id, place.moved = epoch, seq, event_id, True
    batch.ready = applied


async def _places_before(
    session: AsyncSession, batch: Batch
) -> dict[tuple[str, str], tuple[int, int, UUID | None]]:
    connection = await raw(session)
    keys = sorted({(r.meta.topic, r.meta.key) for r in batch.ready})
    rows = await connection.fetch(
        "SELECT topic, key, epoch, seq, event_id FROM platform.cursor WHERE subscription = $1"
        " AND (topic, key) IN (SELECT topic, key FROM unnest($2::text[], $3::text[]) AS w(topic, key))",
        session.info["subscription"],
        [topic for topic, _ in keys],
        [key for _, key in keys],
    )
    return {(row["topic"], row["key"]): (row["epoch"], row["seq"], row["event_id"]) for row in rows}


_timeouts: dict[tuple[str, str, str, int, int], int] = {}


def may_park(subscription: str, received: Received[Any], error: BaseException) -> bool:
    """A statement timeout is the event's own fault only after five tries."""
    if sqlstate_of(error) != STATEMENT_TIMEOUT:
        return True
    meta = received.meta
    place = (subscription, meta.topic, meta.key, meta.epoch, meta.seq)
    _timeouts[place] = _timeouts.get(place, 0) + 1
    return _timeouts[place] >= TIMEOUTS_BEFORE_PARKING


async def run_handlers(
    session: AsyncSession, subscription: Subscription, ready: Sequence[Received[Any]]
) -> None:
    """Run the handlers of new facts. Order is kept within a key; batch handlers get lists over many keys."""
    for wires in rounds(subscription, ready):
        for wire_events in wires.values():
            kind, handler = subscription.handlers[wire_events[0].meta.wire]
            facts = [fact_of(received) for received in wire_events]
            session.info["cause"] = facts[0].meta
            if kind == "batch":
                await cast("BatchHandler", handler)(session, facts)
                continue
            for fact in facts:
                session.info["cause"] = fact.meta
                await cast("OneHandler", handler)(session, fact.event, fact.meta)
    session.info["cause"] = None


def rounds(
    subscription: Subscription, ready: Sequence[Received[Any]]
) -> list[dict[int, list[Received[Any]]]]:
    """Group facts by handler so that, within a key, none overtakes another of a different handler."""
    found: list[dict[int, list[Received[Any]]]] = []
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for received in ready:
        handler = subscription.handlers.get(received.meta.wire)
        if handler is None or class_of(received.meta.wire) is None:
            continue
        at, mark = (received.meta.topic, received.meta.key), id(handler[1])
        number, previous = last.get(at, (0, mark))
        number += previous != mark
        last[at] = (number, mark)
        while len(found) <= number:
            found.append({})
        found[number].setdefault(mark, []).append(received)
    return found


async def _keep(
    session: AsyncSession,
    batch: Batch,
    called: str,
    records: Sequence[Record],
    generations: dict[tuple[str, int], int],
) -> None:
    await session.flush()
    connection = await raw(session)
    await parking.forget(connection, batch.healed)
    await parking.store(connection, called, batch.parked)
    await move(connection, called, batch.places)
    last: dict[tuple[str, int], Record] = {}
    for record in records:
        last[record.topic, record.partition] = record
    known = {(r.record.topic, r.record.partition, r.record.offset): r.meta.event_id for r in batch_all(batch)}
    rows = await connection.fetch(
        STORE_OFFSETS,
        called,
        [topic for topic, _ in last],
        [partition for _, partition in last],
        [record.offset + 1 for record in last.values()],
        [known.get((r.topic, r.partition, r.offset)) or _id_of(r) for r in last.values()],
        [generations.get(place, 0) for place in last],
    )
    if len(rows) != len(last):
        raise PositionMoved


def batch_all(batch: Batch) -> Iterable[Received[Any]]:
    """Every event of the batch that was understood and kept."""
    yield from batch.ready
    yield from (p.received for p in batch.parked if p.received is not None)


def _id_of(record: Record) -> UUID | None:
    try:
        return parse(record).meta.event_id
    except Undecodable:
        return None


async def move(connection: Any, subscription: str, places: dict[tuple[str, str], Place]) -> None:
    """Write the places that this transaction moved."""
    moved = [(at, place) for at, place in places.items() if place.moved]
    if not moved:
        return
    await connection.execute(
        MOVE_CURSORS,
        subscription,
        [topic for (topic, _), _ in moved],
        [key for (_, key), _ in moved],
        [place.epoch for _, place in moved],
        [place.seq for _, place in moved],
        [place.event_id for _, place in moved],
        [place.state for _, place in moved],
    )
