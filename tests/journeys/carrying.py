"""Four services of the kit in one process, served on loopback, their own workers carrying facts between them.

What the demonstration needs of a deployment is here too, so that its scenario is played as it is written.
"""

import asyncio
import contextlib
import io
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.console import Console

from deploy.local.delivery import Roads
from deploy.local.demo.world import World
from deploy.local.outboxes import Outboxes
from deploy.local.place import Place, State, Transport
from shared.kafka import SEALED, TOPICS, create_topics
from shared.messaging.consumer import stored_places
from shared.schema import SHARDS
from shared.worker import EVERY_PART, kafka_transport, run_parts
from shared.worker import Transport as Road
from tests.kit import SERVICES, Cluster, Running, running

# What a delivery moves even when it changes nothing: where each reader is, and the one-machine log itself.
MOVES = ("platform.consumer_offset", "platform.local_log")
# As in production, well above the 5 s after which the client lets an idle connection go: else both let go at once.
KEEP_ALIVE_SECONDS = 30
# Work of the platform's own that comes due by real time, whatever happens.
OWN_WORK = "platform.due"


@dataclass(slots=True)
class Together:
    """The four, and the world of the demonstration around them. `bootstrap` is empty on the one-machine transport."""

    services: dict[str, Running]
    world: World
    screen: io.StringIO
    bootstrap: str = ""

    async def at_rest(self) -> None:
        """Wait until everything told is heard, every copy is read, and nothing but later work is due."""
        for _ in range(3):
            await self.world.heard()
            await self.world.until("every reader to come to the end", self._all_read)
            await self.world.until("what is due to be done", self._all_done)

    async def _all_read(self) -> bool:
        ends = await self._ends()
        return all([await self._read(service, ends) for service in self.services.values()])

    async def _read(self, service: Running, ends: dict[tuple[str, int], int]) -> bool:
        for subscription in service.parts.subscriptions:
            offsets = (await stored_places(service.worker, subscription.name)).offsets
            if any(offsets.get(at, 0) < end for at, end in ends.items() if at[0] in subscription.topics):
                return False
        return True

    async def _all_done(self) -> bool:
        waits = (
            "SELECT (SELECT count(*) FROM platform.unsent) + (SELECT count(*) FROM platform.job WHERE state IN"
            " ('QUEUED', 'RUNNING')) + (SELECT count(*) FROM platform.due WHERE done_at IS NULL AND due_at <="
            " clock_timestamp() + CASE clock WHEN 'business' THEN make_interval(secs => (SELECT offset_seconds"
            " FROM platform.business_clock)) ELSE interval '0' END) AS count"
        )
        return not sum([(await service.sql(waits))[0]["count"] for service in self.services.values()])

    async def _ends(self) -> dict[tuple[str, int], int]:
        if self.bootstrap:
            return await kafka_ends(self.bootstrap)
        found: dict[tuple[str, int], int] = {}
        for service in self.services.values():
            rows = await service.sql(
                'SELECT topic, partition, max("offset") + 1 AS next FROM platform.local_log GROUP BY 1, 2'
            )
            found |= {(row["topic"], row["partition"]): row["next"] for row in rows}
        return found

    async def deliver_all_again(self, times: int) -> int:
        """Put every topic's whole content behind itself, so many times; return how many records that added."""
        before = sum((await self._ends()).values())
        if self.bootstrap:
            await double(self.bootstrap, times)
        else:
            for service in self.services.values():
                for _ in range(times):
                    await again_once(service)
        return sum((await self._ends()).values()) - before

    async def digest(self) -> dict[str, str]:
        """A hash of every table of every database, but for readers' places."""
        found: dict[str, str] = {}
        for name, service in self.services.items():
            found |= {f"{name}: {table}": value for table, value in (await digests(service)).items()}
        return found


async def again_once(service: Running) -> None:
    """Append to the log what it held at first: sealed identities are gone from it once they were heard."""
    await service.execute(
        'INSERT INTO platform.local_log SELECT topic, partition, "offset" + 1 + (SELECT max("offset") FROM'
        " platform.local_log m WHERE m.topic = l.topic AND m.partition = l.partition), outbox_id, recorded_at FROM"
        " (SELECT DISTINCT ON (topic, partition, outbox_id) * FROM platform.local_log WHERE topic <>"
        " 'pilar.sealed' ORDER BY topic, partition, outbox_id, \"offset\") l"
    )


async def digests(service: Running) -> dict[str, str]:
    """Hash each table's rows, whatever their order."""
    tables = await service.sql(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    found: dict[str, str] = {}
    for name in [row["name"] for row in tables if row["name"] not in MOVES]:
        where = "WHERE kind <> 'platform.housekeeping'" if name == OWN_WORK else ""
        rows = await service.sql(
            f"SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS md5 FROM {name} t {where}"
        )
        found[name] = rows[0]["md5"]
    return found


async def kafka_ends(bootstrap: str) -> dict[tuple[str, int], int]:
    """Where each partition of the five topics ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        held = [TopicPartition(topic, number) for topic in (*TOPICS, SEALED) for number in range(SHARDS)]
        ends = await consumer.end_offsets(held)
        return {(place.topic, place.partition): end for place, end in ends.items()}
    finally:
        await consumer.stop()


async def kafka_records(bootstrap: str) -> list[Any]:
    """Everything that the five topics hold, each partition in order."""
    ends = {at: end for at, end in (await kafka_ends(bootstrap)).items() if end}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*at) for at in ends])
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                found += messages
        return found
    finally:
        await consumer.stop()


async def double(bootstrap: str, times: int) -> None:
    """Send every record again, byte for byte, sealed identities too."""
    records = await kafka_records(bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for _ in range(times):
            for record in records:
                await producer.send(record.topic, record.value, record.key, partition=record.partition)
            await producer.flush()
    finally:
        await producer.stop()


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """Serve an application that has begun on a free loopback port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = uvicorn.Server(config)
    # Not `serve`, which takes over the process's signals.
    serving = asyncio.create_task(server._serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 (the server tells nobody when it listens)
        await asyncio.sleep(0.005)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def together(
    cluster: Cluster, folder: Path, bootstrap: str = "", **settings: Any
) -> AsyncIterator[Together]:
    """Run all four services with their workers, on the broker at `bootstrap` or on one machine; `folder` is there."""
    way: Transport = "kafka" if bootstrap else "local"
    if bootstrap:
        await create_topics(bootstrap)
    async with AsyncExitStack() as stack:
        more = settings | ({"transport": way, "kafka_bootstrap": bootstrap} if bootstrap else {})
        services = {
            name: await stack.enter_async_context(running(cluster, name, **more)) for name in SERVICES
        }
        ports = {name: await stack.enter_async_context(served(services[name].app)) for name in SERVICES}
        await stack.enter_async_context(carried(services, bootstrap))
        urls = {name: service.settings.worker_database_url for name, service in services.items()}
        outboxes = await Outboxes.open(urls)
        stack.push_async_callback(outboxes.close)
        screen = io.StringIO()
        state = State(os.getpid(), way, ports, urls, ready=True)
        console = Console(file=screen, width=200, highlight=False)
        world = World(Place.of(folder), state, console, outboxes, lambda: None, cluster.issuer)
        stack.push_async_callback(world.http.aclose)
        yield Together(services, world, screen, bootstrap)


@asynccontextmanager
async def carried(services: dict[str, Running], bootstrap: str) -> AsyncIterator[None]:
    """Let each service's worker run: relay, consumers and jobs, as its process does."""
    stop = asyncio.Event()
    roads = Roads({name: service.worker for name, service in services.items()})

    def road(service: Running) -> Road:
        return kafka_transport(service.settings) if bootstrap else roads.transport(service.name)

    tasks = [
        asyncio.create_task(
            run_parts(service.parts, service.worker, road(service), stop, EVERY_PART, relayed=roads.wake)
        )
        for service in services.values()
    ]
    try:
        yield
    finally:
        stop.set()
        done, _ = await asyncio.wait(tasks, timeout=20)
        for task in tasks:
            task.cancel()
        for task in done:
            with contextlib.suppress(asyncio.CancelledError):
                task.result()
