"""One subscription's loop: poll, apply, go on; on any fault begin again from what is stored."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from shared import schema, telemetry
from shared.database import Database
from shared.messaging.applying import receive
from shared.messaging.cursors import NOW, PositionMoved
from shared.messaging.envelope import Record
from shared.messaging.handling import TooManyParked
from shared.messaging.subscription import Subscription

MEASURE_EVERY = 2.0
log = structlog.get_logger()


class Source(Protocol):
    """Where a subscription reads from."""

    async def start(self, stored: Mapping[tuple[str, int], int], *, starts: str = "beginning") -> None: ...
    async def poll(self, seconds: float = 1.0) -> list[Record]: ...
    async def applied(self, records: Sequence[Record]) -> None: ...
    async def reposition(self) -> None: ...
    async def lag(self) -> int | None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database remembers of a subscription's places, and the two things a source may add to it."""

    database: Database
    name: str
    offsets: dict[tuple[str, int], int]
    generations: dict[tuple[str, int], int]
    last_ids: dict[tuple[str, int], str]
    stopped: dict[tuple[str, int], str]

    async def refresh(self) -> "Stored":
        """Read anew; another member may have gone on, or a rebuild have moved the places."""
        return await stored_places(self.database, self.name)

    def take(self, place: tuple[str, int], now: "Stored") -> None:
        """A source has put itself to where `now` says: what it reads from here on belongs to that generation."""
        self.generations[place] = now.generations.get(place, 0)

    async def remember(self, place: tuple[str, int], offset: int, *, now: int | None = None) -> None:
        """Keep where a partition is first read from; `now` is its end, for a reaction that starts there.

        Such a reaction reads what was told before too, but only its cursors follow: so it knows every key, notices a
        gap, and drops a republish of what happened before its time.
        """
        here = {"topic": place[0], "partition": place[1]}
        rows = [{"subscription": self.name, **here, "next_offset": offset}]
        if now is not None:
            rows.append({"subscription": self.name + NOW, **here, "next_offset": now})
        async with self.database.transaction() as session:
            await session.execute(insert(schema.consumer_offset).values(rows).on_conflict_do_nothing())

    async def begin_at(self, place: tuple[str, int], offset: int) -> None:
        """Move a partition of which nothing was read to where its log begins now."""
        table = schema.consumer_offset
        here = (
            table.c.subscription == self.name,
            table.c.topic == place[0],
            table.c.partition == place[1],
            table.c.last_event_id.is_(None),
        )
        async with self.database.transaction() as session:
            await session.execute(sa.update(table).where(*here).values(next_offset=offset))

    async def stop(self, place: tuple[str, int], reason: str) -> None:
        """Stop a partition until an operator's `accept-topic`."""
        table = schema.consumer_offset
        telemetry.stopped.labels(self.database.service, self.name).set(1)
        here = (
            table.c.subscription == self.name,
            table.c.topic == place[0],
            table.c.partition == place[1],
            table.c.stopped.is_(None),
        )
        async with self.database.transaction() as session:
            await session.execute(sa.update(table).where(*here).values(stopped=reason))

    def flows(self) -> None:
        """Nothing of this reader is stopped any more."""
        telemetry.stopped.labels(self.database.service, self.name).set(0)


async def stored_places(database: Database, name: str) -> Stored:
    """Read offsets, generations and stopped partitions of a subscription."""
    table = schema.consumer_offset
    async with database.transaction() as session:
        rows = (await session.execute(sa.select(table).where(table.c.subscription == name))).all()
    return Stored(
        database,
        name,
        {(row.topic, row.partition): row.next_offset for row in rows},
        {(row.topic, row.partition): row.generation for row in rows},
        {(row.topic, row.partition): str(row.last_event_id) for row in rows if row.last_event_id},
        {(row.topic, row.partition): row.stopped for row in rows if row.stopped},
    )


@dataclass(slots=True)
class Consumer:
    """Applies one subscription. `make_source` gives a new source after each fault."""

    database: Database
    subscription: Subscription
    make_source: Callable[[Stored], Source]
    name: str = ""
    translate: dict[str, str] | None = None
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    measured_at: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Apply until `stop`; too many parked keys end it earlier, and what it held is given back at once."""
        pause, stands = 0.2, False
        while not stop.is_set() and not stands:
            source: Source | None = None
            try:
                places = await stored_places(self.database, self.called)
                source = self.make_source(places)
                await source.start(places.offsets, starts=self.subscription.starts)
                while not stop.is_set():
                    await self.turn(source, places)
                    pause = 0.2
            except TooManyParked:
                stands = True
            except (
                SQLAlchemyError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                OSError,
                TimeoutError,
                RuntimeError,
            ) as error:
                log.warning("consumer_interrupted", subscription=self.called, error=type(error).__name__)
                await _wait(stop, pause)
                pause = min(pause * 2, 5)
            finally:
                if source is not None:
                    await source.close()
        if stands:
            await self._stand_still(stop)

    async def _stand_still(self, stop: asyncio.Event) -> None:
        """A bad release must not fill the parking lot: nothing more is applied until the next one starts."""
        log.error("subscription_stopped", subscription=self.called, reason="too many keys parked")
        telemetry.stopped.labels(self.database.service, self.subscription.name).set(1)
        await stop.wait()

    @property
    def called(self) -> str:
        """The name under which cursors and offsets are kept: the subscription's, or a rebuild's."""
        return self.name or self.subscription.name

    async def turn(self, source: Source, places: Stored, seconds: float = 1.0) -> int:
        """Poll once and apply; return how many records came."""
        records = await source.poll(seconds)
        if not records:
            self.idle.set()
            await self._measure(source)
            return 0
        self.idle.clear()
        try:
            await receive(
                self.database,
                self.subscription,
                records,
                places.generations,
                translate=self.translate,
                name=self.called,
            )
        except PositionMoved:
            log.info("position_moved", subscription=self.called)
            await source.reposition()
            return len(records)
        await source.applied(records)
        await self._measure(source)
        return len(records)

    async def _measure(self, source: Source) -> None:
        now = time.monotonic()
        if now - self.measured_at > MEASURE_EVERY:
            self.measured_at = now
            lag = await source.lag()
            if lag is not None:
                telemetry.lag.labels(self.database.service, self.subscription.name).set(lag)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
