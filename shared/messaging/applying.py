"""Applying what arrived: cursors, handlers and offsets in one transaction. Seen before: nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared import telemetry
from shared.access import Actor
from shared.database import Database, raw, sqlstate_of
from shared.events import SEALED_TOPIC
from shared.faults import faultpoint
from shared.messaging import parking
from shared.messaging.cursors import (
    Place,
    judge,
    know_the_start,
    lock_places,
    move,
    move_offsets,
)
from shared.messaging.envelope import Received, Record, Undecodable, parse
from shared.messaging.handling import (
    STATEMENT_TIMEOUT,
    TooManyParked,
    is_transient,
    may_park,
    run_handlers,
)
from shared.messaging.subscription import Subscription

MOST_KEYS_PARKED = 50
"""Poisoned keys within five minutes that are still taken for bad events; more are a bad release."""


@dataclass(slots=True)
class Batch:
    """What one transaction applies."""

    service: str
    subscription: Subscription
    called: str
    records: Sequence[Record]
    generations: dict[tuple[str, int], int]
    understood: list[Received[Any]] = field(default_factory=list["Received[Any]"])
    broken: list[parking.Parking] = field(default_factory=list["parking.Parking"])
    ids: dict[tuple[str, int, int], UUID] = field(default_factory=dict[tuple[str, int, int], UUID])
    places: dict[tuple[str, str], Place] = field(default_factory=dict[tuple[str, str], Place])
    ready: list[Received[Any]] = field(default_factory=list["Received[Any]"])
    parked: list[parking.Parking] = field(default_factory=list["parking.Parking"])
    healed: list[int] = field(default_factory=list[int])

    def read(self) -> None:
        """Read every envelope once; what cannot be read is to be parked by its place."""
        for record in self.records:
            if not record.value and record.topic == SEALED_TOPIC:
                continue  # its body was cleared: whoever it was meant for has it, or its term is over
            try:
                received = parse(record)
            except Undecodable as error:
                self.broken.append(parking.Parking(record, None, error.reason, error=error))
                continue
            self.understood.append(received)
            self.ids[record.topic, record.partition, record.offset] = received.meta.event_id

    async def decide(self, session: AsyncSession) -> None:
        """Apply, drop, wait or stop, each event: architecture.md, Cursor."""
        keys = [(received.meta.topic, received.meta.key) for received in self.understood]
        self.places = await lock_places(session, self.called, keys)
        self.ready, self.healed, self.parked = [], [], list(self.broken)
        for received in self.understood:
            self._decide(received, self.places[received.meta.topic, received.meta.key])
        await self._heal(session)

    def _decide(self, received: Received[Any], place: Place) -> None:
        verdict = judge(place, received)
        if verdict == "duplicate":
            telemetry.duplicates.labels(self.service, self.subscription.name).inc()
        elif verdict == "divergence":
            place.turn("DIVERGED")
            telemetry.divergences.labels(self.service, self.subscription.name).inc()
            self.parked.append(parking.Parking(received.record, received, "DIVERGENCE"))
        elif place.state in {"PARKED", "DIVERGED"}:
            self.parked.append(parking.Parking(received.record, received, "BEHIND"))
        elif verdict == "gap":
            place.turn("GAP")
            telemetry.gaps.labels(self.service, self.subscription.name).inc()
            self.parked.append(parking.Parking(received.record, received, "GAP"))
        else:
            place.follow(received)
            self.ready.append(received)

    async def _heal(self, session: AsyncSession) -> None:
        """What waited for a missing event follows it at once, in order."""
        filled = {at for at, place in self.places.items() if place.state == "GAP" and place.moved}
        if not filled:
            return
        fresh: dict[tuple[str, str], list[parking.Parking]] = {}
        for item in self.parked:
            if item.received is not None and item.at in filled:
                fresh.setdefault((item.at[0], item.received.meta.key), []).append(item)
        dropped: set[int] = set()
        for topic, key in sorted(filled):
            stored = await parking.waiting(session, self.called, topic, key)
            items: list[tuple[Received[Any], int | None]] = [
                (received, number) for number, received in stored
            ]
            items += [(item.known, None) for item in fresh.get((topic, key), [])]
            dropped |= self._follow_up(self.places[topic, key], items)
        self.parked = [item for item in self.parked if id(item.received) not in dropped]

    def _follow_up(self, place: Place, items: list[tuple[Received[Any], int | None]]) -> set[int]:
        """Take what now fits; return which events of this batch need not be parked after all."""
        dropped: set[int] = set()
        state = "OPEN"
        for received, number in sorted(items, key=lambda item: parking.position_of(item[0])):
            verdict = judge(place, received)
            if verdict in {"gap", "divergence"}:
                state = "DIVERGED" if "DIVERGED" in {state, place.state} or verdict == "divergence" else "GAP"
                continue
            if verdict == "apply":
                place.follow(received)
                self.ready.append(received)
            if number is None:
                dropped.add(id(received))
            else:
                self.healed.append(number)
        place.turn(state)
        return dropped

    async def apply_singly(self, session: AsyncSession) -> None:
        """Find what fails by halving, each part under a savepoint; one event that fails stops its key, and no other."""
        at_last = await parking.places_now(session, self.called, self.places)
        ready, self.ready = self.ready, []
        await self._try(session, ready)
        for received in self.ready:
            meta = received.meta
            at_last[meta.topic, meta.key] = (meta.epoch, meta.seq, meta.event_id)
        for at, place in self.places.items():
            if place.state == "PARKED" and at in at_last:
                place.epoch, place.seq, place.event_id = at_last[at]

    async def _try(self, session: AsyncSession, events: Sequence[Received[Any]]) -> None:
        flowing = [event for event in events if not self._parked_behind(event)]
        if not flowing:
            return
        try:
            async with session.begin_nested():
                await run_handlers(session, self.subscription, flowing)
        except Exception as error:
            if is_transient(error):
                raise
            await self._failed(session, flowing, error)
        else:
            self.ready += flowing

    async def _failed(self, session: AsyncSession, events: Sequence[Received[Any]], error: Exception) -> None:
        if len(events) == 1:
            (received,) = events
            if not may_park(self.service, self.called, received, error):
                raise error
            self.places[received.meta.topic, received.meta.key].turn("PARKED")
            self.parked.append(parking.Parking(received.record, received, "POISON", error=error))
            return
        # What runs into the statement timeout costs that time in every part it is in: it is tried alone at once.
        size = 1 if sqlstate_of(error) == STATEMENT_TIMEOUT else (len(events) + 1) // 2
        for first in range(0, len(events), size):
            await self._try(session, events[first : first + size])

    def _parked_behind(self, received: Received[Any]) -> bool:
        behind = self.places[received.meta.topic, received.meta.key].state == "PARKED"
        if behind:
            self.parked.append(parking.Parking(received.record, received, "BEHIND"))
        return behind

    async def keep(self, session: AsyncSession) -> None:
        """Write cursors, parked events and offsets, in the transaction of what the handlers wrote."""
        await session.flush()
        connection = await raw(session)
        await parking.forget(connection, self.healed)
        await parking.store(connection, self.called, self.parked)
        if any(item.reason == "POISON" for item in self.parked):
            keys = await parking.poisoned_lately(connection, self.called)
            if keys > MOST_KEYS_PARKED:
                raise TooManyParked(self.called)
        await move(connection, self.called, self.places)
        await move_offsets(connection, self.called, self.records, self.ids, self.generations)


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
        TooManyParked: over 50 keys were parked within five minutes; nothing was applied.
        SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError: the database's fault, or a statement
            timeout of one event; nothing was applied, try again.
    """
    if not records:
        return 0
    batch = Batch(database.service, subscription, name or subscription.name, records, dict(generations or {}))
    batch.read()
    try:
        return await _apply(database, batch, translate)
    except Exception as error:
        if is_transient(error):
            raise
    return await _apply(database, batch, translate, singly=True)


async def _apply(
    database: Database, batch: Batch, translate: dict[str, str] | None, *, singly: bool = False
) -> int:
    async with database.transaction(Actor.system(database.service), translate=translate) as session:
        await know_the_start(session, batch.subscription)
        await batch.decide(session)
        if singly:
            await batch.apply_singly(session)
        else:
            await run_handlers(session, batch.subscription, batch.ready)
        await batch.keep(session)
        await faultpoint("consumer.before_commit")
    telemetry.applied.labels(database.service, batch.subscription.name).inc(len(batch.ready))
    await faultpoint("consumer.after_commit")
    return len(batch.ready)
