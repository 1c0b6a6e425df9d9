"""Two databases, one that publishes and one that reads, and a transport between them."""

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
from tests.factories.messaging.databases import PUBLISHER, READER, build_urls, prepare_database
from tests.factories.messaging.events import TOPIC
from tests.factories.messaging.transports import StageTransport
from tests.factories.repository import ROOT

LONGEST_WAIT = 90
"""Seconds until a condition is given up: many times what a busy machine needs, because only a failure waits so long."""


@dataclass(slots=True)
class ServicePair:
    """Two databases with the platform's tables only, and the transport between them."""

    cluster: Cluster
    transport: StageTransport
    publisher: Database
    reader: Database
    urls: dict[str, str]
    tasks: list["asyncio.Task[None]"] = field(default_factory=list["asyncio.Task[None]"])
    stops: list[asyncio.Event] = field(default_factory=list[asyncio.Event])
    children: list[Child] = field(default_factory=list[Child])

    async def emit(self, *events: Event) -> None:
        """Emit the events in one transaction of the publisher."""
        async with self.publisher.transaction(Actor.system(PUBLISHER)) as session:
            for event in events:
                emit(session, event)

    async def query_publisher(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Query the publisher's database as superuser."""
        return await _fetch(self.urls["publisher_super"], statement, values)

    async def query_reader(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Query the reader's database as superuser."""
        return await _fetch(self.urls["reader_super"], statement, values)

    async def relay(self) -> int:
        """Send all unsent events once, and return how many there were."""
        runner = Relay(self.publisher.url, PUBLISHER, self.transport.publisher())
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

    async def emit_and_relay(self, *events: Event) -> None:
        """Emit and send the events."""
        await self.emit(*events)
        await self.relay()

    def consumer(self, subscription: Subscription) -> Consumer:
        return Consumer(
            self.reader, subscription, lambda stored: self.transport.source(self, subscription, stored)
        )

    def start(self, running: Callable[[asyncio.Event], Awaitable[None]]) -> asyncio.Event:
        """Run something until the returned event is set, or the pair is closed."""
        stop = asyncio.Event()
        self.stops.append(stop)
        self.tasks.append(asyncio.ensure_future(running(stop)))  # type: ignore[arg-type]
        return stop

    def start_consumer(self, subscription: Subscription) -> asyncio.Event:
        return self.start(self.consumer(subscription).run)

    def start_relay(self) -> asyncio.Event:
        return self.start(Relay(self.publisher.url, PUBLISHER, self.transport.publisher()).run)

    async def stop_task(self, stop: asyncio.Event) -> None:
        """Stop a started task and wait for it."""
        task = self.tasks[self.stops.index(stop)]
        stop.set()
        await asyncio.wait_for(task, LONGEST_WAIT)

    async def consume(
        self, subscription: Subscription, until: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Consume all records of a subscription, or until a condition is true."""
        stop = self.start_consumer(subscription)
        await wait_until(until or (lambda: self.is_caught_up(subscription)))
        await self.stop_task(stop)

    async def is_caught_up(self, subscription: Subscription) -> bool:
        """Return whether the stored offsets are at the ends of the topics."""
        ends: dict[tuple[str, int], int] = {}
        for topic in subscription.topics:
            for record in await self.transport.read_log(self, topic):
                ends[topic, record.partition] = record.offset + 1
        places = await read_stored_offsets(self.reader, subscription.name)
        return all(places.offsets.get(at, 0) >= end for at, end in ends.items())

    async def read_received(self, subscription: str = "received") -> list[tuple[str, int]]:
        """Return what a recorder has stored, in order."""
        rows = await self.query_reader(
            "SELECT key, seq FROM received WHERE subscription = $1 ORDER BY number", subscription
        )
        return [(row["key"], row["seq"]) for row in rows]

    async def read_parked(self, subscription: str = "received") -> list[asyncpg.Record]:
        return await self.query_reader(
            "SELECT * FROM platform.parked WHERE subscription = $1 ORDER BY parked_id", subscription
        )

    async def read_cursor(self, key: object, subscription: str = "received") -> tuple[int, int, str]:
        rows = await self.query_reader(
            "SELECT epoch, seq, state FROM platform.cursor WHERE subscription = $1 AND key = $2",
            subscription,
            str(key),
        )
        return tuple(rows[0]) if rows else (0, 0, "")  # type: ignore[return-value]

    async def read_replica_hash(self) -> str:
        """Return an order-independent hash of the replica's rows."""
        rows = await self.query_reader(
            "SELECT md5(coalesce(string_agg(md5(p::text), '' ORDER BY md5(p::text)), '')) AS hash"
            " FROM replica_pendamping.pendamping p"
        )
        return str(rows[0]["hash"])

    async def read_log(self, topic: str = TOPIC) -> list[Record]:
        return await self.transport.read_log(self, topic)

    async def receive(self, subscription: Subscription, records: Sequence[Record]) -> int:
        """Apply records as if a poll had returned them."""
        return await receive(self.reader, subscription, records)

    def start_process(self, part: str, fault: str = "", **more: object) -> Child:
        """Run a relay or a consumer of this pair in a process of its own."""
        orders = {
            "part": part,
            "transport": self.transport.name,
            "urls": self.urls,
            **self.transport.describe(),
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

    async def close(self) -> None:
        for stop in self.stops:
            stop.set()
        for child in self.children:
            await asyncio.to_thread(child.kill)
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=20)
        await self.publisher.close()
        await self.reader.close()


async def wait_until(true: Callable[[], Awaitable[bool]], every: float = 0.05) -> None:
    """Wait for a condition, with a timeout."""
    deadline = time.monotonic() + LONGEST_WAIT
    while not await true():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(every)


async def _fetch(url: str, statement: str, values: Sequence[Any]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


@asynccontextmanager
async def open_service_pair(cluster: Cluster, transport: StageTransport) -> Any:
    """A service pair with empty databases."""
    names = [await prepare_database(cluster, service) for service in (PUBLISHER, READER)]
    urls = build_urls(cluster, PUBLISHER, names[0]) | build_urls(cluster, READER, names[1])
    stage = ServicePair(
        cluster,
        transport,
        Database(urls["publisher_worker"], service=PUBLISHER, pool_size=16),
        Database(urls["reader_worker"], service=READER, pool_size=8),
        urls,
    )
    try:
        yield stage
    finally:
        await stage.close()
