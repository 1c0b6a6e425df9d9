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
from aiokafka import AIOKafkaProducer
from rich.console import Console

from deploy.demo.outboxes import Outboxes
from deploy.demo.world import World
from deploy.invariants.idle_state import is_idle, log_ends
from deploy.kafka.records import kafka_records
from deploy.local.delivery import Roads
from deploy.local.place import Place, State, Transport
from shared.kafka.topics import create_topics
from shared.worker import EVERY_PART, kafka_transport, run_parts
from shared.worker import Transport as Road
from tests.factories.cluster import SERVICES, Cluster
from tests.factories.services import Running, running

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

    async def wait_until_idle(self) -> None:
        """Wait until everything told is heard, every copy is read, and nothing but later work is due."""
        await self.world.heard()
        await self.world.until("everything to come to rest", self._rests)

    async def _rests(self) -> bool:
        return await is_idle(self.services, self.bootstrap)

    async def _ends(self) -> dict[tuple[str, int], int]:
        return await log_ends(self.services, self.bootstrap)

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
        for service in services.values():
            service.database.wake_relay = service.worker.wake_relay = True  # here relays listen
        ports = {name: await stack.enter_async_context(served(services[name].app)) for name in SERVICES}
        await stack.enter_async_context(carried(services, bootstrap))
        urls = {name: service.settings.worker_database_url for name, service in services.items()}
        outboxes = await Outboxes.open(urls)
        stack.push_async_callback(outboxes.close)
        screen = io.StringIO()
        state = State(os.getpid(), way, ports, urls, ready=True, bootstrap=bootstrap)
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
