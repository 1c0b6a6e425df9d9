"""A publisher's and a reader's database with a transport between them, without services."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from deploy.child_process import Child
from shared.access import Actor
from shared.database import Database
from shared.events import Event
from shared.messaging import Subscription, emit
from shared.messaging.batch import receive
from shared.messaging.consumer import Consumer, read_stored_offsets
from shared.messaging.envelope import Record
from shared.messaging.relay import Relay
from tests.factories.cluster import Cluster
from tests.factories.messaging.databases import READER, TELLER, database_for, urls_of
from tests.factories.messaging.events import TOPIC
from tests.factories.messaging.transports import Transport
from tests.factories.repository import ROOT

LONGEST_WAIT = 90
"""Seconds to wait for a condition. Long, because only a failing test waits so long."""


@dataclass(slots=True)
class Stage:
    """Two databases with the platform's tables alone, and the road between them."""

    cluster: Cluster
    transport: Transport
    teller: Database
    reader: Database
    urls: dict[str, str]
    tasks: list["asyncio.Task[None]"] = field(default_factory=list["asyncio.Task[None]"])
    stops: list[asyncio.Event] = field(default_factory=list[asyncio.Event])
    children: list[Child] = field(default_factory=list[Child])

    async def emit(self, *events: Event) -> None:
        """Emit events in one transaction of the publisher."""
        async with self.teller.transaction(Actor.system(TELLER)) as session:
            for event in events:
                emit(session, event)

    async def query_publisher(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Query the publisher's database as superuser."""
        return await _fetch(self.urls["teller_super"], statement, values)

    async def read(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Query the reader's database as superuser."""
        return await _fetch(self.urls["reader_super"], statement, values)

    async def relay(self) -> int:
        """Send all unsent events once and return how many."""
        runner = Relay(self.teller.url, TELLER, self.transport.publisher())
        connection = await runner.connect()
        try:
            await runner.balance_shards(connection)
            total = 0
            while sent := await runner.step(connection):
                total += sent
        finally:
            await connection.close()
            await runner.publisher.close()
        return total

    async def publish(self, *events: Event) -> None:
        """Emit events and send them."""
        await self.emit(*events)
        await self.relay()

    def consumer(self, subscription: Subscription) -> Consumer:
        return Consumer(
            self.reader, subscription, lambda stored: self.transport.source(self, subscription, stored)
        )

    def start(self, running: Callable[[asyncio.Event], Awaitable[None]]) -> asyncio.Event:
        """Run something until the returned event is set, or the test ends."""
        stop = asyncio.Event()
        self.stops.append(stop)
        self.tasks.append(asyncio.ensure_future(running(stop)))  # type: ignore[arg-type]
        return stop

    def start_consumer(self, subscription: Subscription) -> asyncio.Event:
        return self.start(self.consumer(subscription).run)

    def start_relay(self) -> asyncio.Event:
        return self.start(Relay(self.teller.url, TELLER, self.transport.publisher()).run)

    async def end(self, stop: asyncio.Event) -> None:
        """Stop one started task and wait for it."""
        task = self.tasks[self.stops.index(stop)]
        stop.set()
        await asyncio.wait_for(task, LONGEST_WAIT)

    async def listen(
        self, subscription: Subscription, until: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Consume all records of a subscription, or until a condition is true."""
        stop = self.start_consumer(subscription)
        await eventually(until or (lambda: self.caught_up(subscription)))
        await self.end(stop)

    async def caught_up(self, subscription: Subscription) -> bool:
        """Return whether the subscription's offsets are at the ends of its topics."""
        ends: dict[tuple[str, int], int] = {}
        for topic in subscription.topics:
            for record in await self.transport.log_of(self, topic):
                ends[topic, record.partition] = record.offset + 1
        places = await read_stored_offsets(self.reader, subscription.name)
        return all(places.offsets.get(at, 0) >= end for at, end in ends.items())

    async def handled(self, subscription: str = "handled") -> list[tuple[str, int]]:
        """Return the events that `hearer` recorded, in order."""
        rows = await self.read(
            "SELECT key, seq FROM handled WHERE subscription = $1 ORDER BY number", subscription
        )
        return [(row["key"], row["seq"]) for row in rows]

    async def parked(self, subscription: str = "handled") -> list[asyncpg.Record]:
        return await self.read(
            "SELECT * FROM platform.parked WHERE subscription = $1 ORDER BY parked_id", subscription
        )

    async def cursor(self, key: object, subscription: str = "handled") -> tuple[int, int, str]:
        rows = await self.read(
            "SELECT epoch, seq, state FROM platform.cursor WHERE subscription = $1 AND key = $2",
            subscription,
            str(key),
        )
        return tuple(rows[0]) if rows else (0, 0, "")  # type: ignore[return-value]

    async def hash_of_replica(self) -> str:
        """Return an order-independent hash of the replica's rows."""
        rows = await self.read(
            "SELECT md5(coalesce(string_agg(md5(p::text), '' ORDER BY md5(p::text)), '')) AS hash"
            " FROM replica_pendamping.pendamping p"
        )
        return str(rows[0]["hash"])

    async def records(self, topic: str = TOPIC) -> list[Record]:
        return await self.transport.log_of(self, topic)

    async def receive(self, subscription: Subscription, records: Sequence[Record]) -> int:
        """Apply records as if a poll had returned them."""
        return await receive(self.reader, subscription, records)

    def act(self, part: str, fault: str = "", **more: object) -> Child:
        """Run a relay or a consumer in its own process."""
        orders = {
            "part": part,
            "transport": self.transport.name,
            "urls": self.urls,
            **self.transport.orders(),
            **more,
        }
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PILAR_FAULTPOINT": fault}
        child = Child(
            [sys.executable, "-m", "tests.factories.messaging.killable_process", json.dumps(orders)],
            environment=environment,
            folder=ROOT,
        )
        self.children.append(child)
        return child

    async def leave(self) -> None:
        for stop in self.stops:
            stop.set()
        for child in self.children:
            await asyncio.to_thread(child.kill)
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=20)
        await self.teller.close()
        await self.reader.close()


async def eventually(true: Callable[[], Awaitable[bool]], every: float = 0.05) -> None:
    """Wait for a condition, up to LONGEST_WAIT."""
    deadline = time.monotonic() + LONGEST_WAIT
    while not await true():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        await asyncio.sleep(every)


async def _fetch(url: str, statement: str, values: Sequence[Any]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


@asynccontextmanager
async def staged(cluster: Cluster, transport: Transport) -> Any:
    """Yield a service pair with empty databases."""
    names = [await database_for(cluster, service) for service in (TELLER, READER)]
    urls = urls_of(cluster, TELLER, names[0]) | urls_of(cluster, READER, names[1])
    stage = Stage(
        cluster,
        transport,
        Database(urls["teller_worker"], service=TELLER, pool_size=16),
        Database(urls["reader_worker"], service=READER, pool_size=8),
        urls,
    )
    try:
        yield stage
    finally:
        await stage.leave()
