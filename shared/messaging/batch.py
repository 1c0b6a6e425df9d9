"""Apply polled records: cursors, handlers and offsets in one transaction (docs/messaging.md#cursors)."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared import telemetry
from shared.access import Actor
from shared.database import Database, raw, sqlstate_of
from shared.database.rows import flush_pending
from shared.events import SEALED_TOPIC
from shared.faults import faultpoint
from shared.messaging import parked_events
from shared.messaging.cursors import (
    Cursor,
    ReadRange,
    classify,
    load_start_offsets,
    lock_cursors,
    lock_offsets,
    store_cursors,
    store_offsets,
)
from shared.messaging.dispatch import STATEMENT_TIMEOUT, TooManyParked, is_transient, may_park, run_handlers
from shared.messaging.envelope import BadData, Received, Record, Undecodable, parse
from shared.messaging.subscription import Subscription

log = structlog.get_logger(__name__)
DECODED_AT_ONCE = 100
MAX_PARKED_KEYS = 50
"""The most keys that may fail within five minutes. More are taken for a faulty release, not for faulty events."""


@dataclass(slots=True)
class DecodedRecords:
    """Polled records with their parsed envelopes.

    A record without an envelope is to be parked by its offset.
    """

    records: Sequence[Record]
    subscription: Subscription
    events: list[Received[Any]] = field(default_factory=list["Received[Any]"])
    undecodable: list[parked_events.ParkedEvent] = field(default_factory=list["parked_events.ParkedEvent"])
    ranges: dict[tuple[str, int], ReadRange] = field(default_factory=dict[tuple[str, int], ReadRange])

    def add(self, records: Sequence[Record]) -> None:
        """Parse the envelopes of the records, and read the fields for a replica."""
        for record in records:
            read = self._extend_range(record)
            if not record.value and record.topic == SEALED_TOPIC:
                continue  # The body was cleared: the recipient has it, or its retention has ended.
            try:
                received = parse(record)
            except Undecodable as error:
                self.undecodable.append(parked_events.ParkedEvent(record, None, error.reason, error=error))
                continue
            if received.meta.wire in self.subscription.replicated:
                with suppress(BadData):  # Its handler raises it again, and the event is parked.
                    _ = received.fields
            self.events.append(received)
            read.last_id = received.meta.event_id

    def _extend_range(self, record: Record) -> ReadRange:
        at = (record.topic, record.partition)
        if (read := self.ranges.get(at)) is None:
            read = self.ranges[at] = ReadRange(record.offset, record.offset, None)
        read.last, read.last_id = record.offset, None
        return read


async def decode(records: Sequence[Record], subscription: Subscription) -> DecodedRecords:
    """Parse every envelope once. Other tasks run in between."""
    decoded = DecodedRecords(records, subscription)
    for first in range(0, len(records), DECODED_AT_ONCE):
        if first:
            await asyncio.sleep(0)
        decoded.add(records[first : first + DECODED_AT_ONCE])
    return decoded


@dataclass(slots=True)
class Batch:
    """The records that one transaction applies, and what becomes of each."""

    service: str
    subscription: Subscription
    cursor_name: str
    decoded: DecodedRecords
    generations: dict[tuple[str, int], int]
    before_handlers: Callable[[], None]
    cursors: dict[tuple[str, str], Cursor] = field(default_factory=dict[tuple[str, str], Cursor])
    ready: list[Received[Any]] = field(default_factory=list["Received[Any]"])
    parked: list[parked_events.ParkedEvent] = field(default_factory=list["parked_events.ParkedEvent"])
    unparked_ids: list[int] = field(default_factory=list[int])

    async def classify(self, session: AsyncSession) -> None:
        """Lock the cursors and decide for each event: apply, drop or park."""
        await lock_offsets(session, self.cursor_name, self.decoded.ranges)
        keys = [(received.meta.topic, received.meta.key) for received in self.decoded.events]
        self.cursors = await lock_cursors(session, self.cursor_name, keys)
        self.ready, self.unparked_ids, self.parked = [], [], list(self.decoded.undecodable)
        for received in self.decoded.events:
            self._classify_event(received, self.cursors[received.meta.topic, received.meta.key])
        await self._apply_after_gaps(session)

    def _classify_event(self, received: Received[Any], cursor: Cursor) -> None:
        kind = classify(cursor, received)
        if kind == "duplicate":
            telemetry.duplicates.labels(self.service, self.subscription.name).inc()
        elif kind == "divergence":
            cursor.set_state("DIVERGED")
            telemetry.divergences.labels(self.service, self.subscription.name).inc()
            self.parked.append(parked_events.ParkedEvent(received.record, received, "DIVERGENCE"))
        elif cursor.state in {"PARKED", "DIVERGED"}:
            self.parked.append(parked_events.ParkedEvent(received.record, received, "BEHIND"))
        elif kind == "gap":
            cursor.set_state("GAP")
            telemetry.gaps.labels(self.service, self.subscription.name).inc()
            self.parked.append(parked_events.ParkedEvent(received.record, received, "GAP"))
        else:
            cursor.advance_to(received)
            self.ready.append(received)

    async def _apply_after_gaps(self, session: AsyncSession) -> None:
        """Apply the parked events that follow an event that filled a gap."""
        filled = {at for at, cursor in self.cursors.items() if cursor.state == "GAP" and cursor.moved}
        if not filled:
            return
        waiting: dict[tuple[str, str], list[parked_events.ParkedEvent]] = {}
        for item in self.parked:
            if item.received is not None and item.at in filled:
                waiting.setdefault((item.at[0], item.received.meta.key), []).append(item)
        dropped: set[int] = set()
        for topic, key in sorted(filled):
            stored = await parked_events.load(session, self.cursor_name, topic, key)
            items: list[tuple[Received[Any], int | None]] = [
                (received, number) for number, received in stored
            ]
            items += [(item.event, None) for item in waiting.get((topic, key), [])]
            dropped |= self._take_consecutive(self.cursors[topic, key], items)
        self.parked = [item for item in self.parked if id(item.received) not in dropped]

    def _take_consecutive(self, cursor: Cursor, items: list[tuple[Received[Any], int | None]]) -> set[int]:
        """Take the events that follow in order.

        Returns:
            the `id()` of each event of this batch that need not be parked any more.
        """
        dropped: set[int] = set()
        state = "OPEN"
        for received, number in sorted(items, key=lambda item: parked_events.position_of(item[0])):
            kind = classify(cursor, received)
            if kind in {"gap", "divergence"}:
                state = "DIVERGED" if "DIVERGED" in {state, cursor.state} or kind == "divergence" else "GAP"
                continue
            if kind == "apply":
                cursor.advance_to(received)
                self.ready.append(received)
            if number is None:
                dropped.add(id(received))
            else:
                self.unparked_ids.append(number)
        cursor.set_state(state)
        return dropped

    async def apply_by_bisection(self, session: AsyncSession) -> None:
        """Run the handlers on halves, each in a savepoint, until each failing event is found.

        A failing event stops its own key only.
        """
        stored_positions = await parked_events.read_positions(session, self.cursor_name, self.cursors)
        ready, self.ready = self.ready, []
        await self._apply_part(session, ready)
        for received in self.ready:
            meta = received.meta
            stored_positions[meta.topic, meta.key] = (meta.epoch, meta.seq, meta.event_id)
        for at, cursor in self.cursors.items():
            if cursor.state == "PARKED":
                cursor.epoch, cursor.seq, cursor.event_id = stored_positions.get(at, (0, 0, None))

    async def _apply_part(self, session: AsyncSession, events: Sequence[Received[Any]]) -> None:
        unblocked = [event for event in events if not self._park_if_blocked(event)]
        if not unblocked:
            return
        try:
            async with session.begin_nested():
                await run_handlers(session, self.subscription, unblocked)
        except Exception as error:
            if is_transient(error):
                raise
            await self._split_or_park(session, unblocked, error)
        else:
            self.ready += unblocked

    async def _split_or_park(
        self, session: AsyncSession, events: Sequence[Received[Any]], error: Exception
    ) -> None:
        if len(events) == 1:
            (received,) = events
            if not may_park(self.service, self.cursor_name, received, error):
                raise error
            meta, reason = received.meta, {"error": type(error).__name__, "sqlstate": sqlstate_of(error)}
            log.error(
                "event_parked",
                subscription=self.cursor_name,
                wire=meta.wire,
                event_id=str(meta.event_id),
                **reason,
            )
            self.cursors[meta.topic, meta.key].set_state("PARKED")
            self.parked.append(parked_events.ParkedEvent(received.record, received, "POISON", error=error))
            return
        # A statement timeout costs its full time in every part that has the event, so each event is tried alone.
        size = 1 if sqlstate_of(error) == STATEMENT_TIMEOUT else (len(events) + 1) // 2
        for first in range(0, len(events), size):
            await self._apply_part(session, events[first : first + size])

    def _park_if_blocked(self, received: Received[Any]) -> bool:
        behind = self.cursors[received.meta.topic, received.meta.key].state == "PARKED"
        if behind:
            self.parked.append(parked_events.ParkedEvent(received.record, received, "BEHIND"))
        return behind

    async def store(self, session: AsyncSession) -> None:
        """Write cursors, parked events and offsets in the handlers' transaction."""
        await flush_pending(session)
        connection = await raw(session)
        await parked_events.delete(connection, self.unparked_ids)
        await parked_events.store(connection, self.cursor_name, self.parked)
        if any(item.reason == "POISON" for item in self.parked):
            keys = await parked_events.count_recently_poisoned(connection, self.cursor_name)
            if keys > MAX_PARKED_KEYS:
                raise TooManyParked(self.cursor_name)
        await store_cursors(connection, self.cursor_name, self.cursors)
        await store_offsets(connection, self.cursor_name, self.decoded.ranges, self.generations)


async def receive(
    database: Database,
    subscription: Subscription,
    records: Sequence[Record] | DecodedRecords,
    generations: dict[tuple[str, int], int] | None = None,
    *,
    translate: dict[str, str] | None = None,
    name: str | None = None,
    before_handlers: Callable[[], None] = lambda: None,
) -> int:
    """Apply polled records in one transaction and return how many events were new.

    `before_handlers` is called once all events are classified.

    Raises:
        PositionMoved: another reader or a rebuild has changed the stored offset. Nothing was applied.
        TooManyParked: over 50 keys were parked within five minutes. Nothing was applied.
        SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError: the database failed, or one
            event ran into the statement timeout. Nothing was applied; retry.
    """
    generations = dict(generations or {})  # A seek of the next poll may change them.
    decoded = records if isinstance(records, DecodedRecords) else await decode(records, subscription)
    if not decoded.records:
        return 0
    cursor_name = name or subscription.name
    batch = Batch(database.service, subscription, cursor_name, decoded, generations, before_handlers)
    with telemetry.continue_traces(f"apply {cursor_name}", (e.meta.traceparent for e in decoded.events)):
        try:
            return await _apply(database, batch, translate)
        except Exception as error:
            if is_transient(error):
                raise
        return await _apply(database, batch, translate, bisect=True)


async def _apply(
    database: Database, batch: Batch, translate: dict[str, str] | None, *, bisect: bool = False
) -> int:
    async with database.transaction(Actor.system(database.service), translate=translate) as session:
        if batch.subscription.kind == "replica":
            # Fast path: saves the wait for the disk, 4 ms a batch (bench: replica). What a crash of the server takes
            # back, it takes back with its offsets and cursors, and it is read again.
            await (await raw(session)).execute("SET LOCAL synchronous_commit = off")
        await load_start_offsets(session, batch.subscription)
        await batch.classify(session)
        batch.before_handlers()
        if bisect:
            await batch.apply_by_bisection(session)
        else:
            await run_handlers(session, batch.subscription, batch.ready)
        await batch.store(session)
        await faultpoint("consumer.before_commit")
    telemetry.applied.labels(database.service, batch.subscription.name).inc(len(batch.ready))
    await faultpoint("consumer.after_commit")
    return len(batch.ready)
