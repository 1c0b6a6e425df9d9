"""All four services in one process, served on loopback, with their workers.

It has what the demonstration needs of a deployment, so that its scenarios can be played unchanged.
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
from deploy.local.data_folder import DataFolder, State, Transport
from deploy.local.delivery import LocalTransports
from shared.audit import bulk_reads, closing
from shared.kafka.brokers import Brokers
from shared.kafka.topics import create_topics
from shared.messaging import maintenance
from shared.worker import EVERY_PART, kafka_transport, run_parts
from shared.worker import Transport as WorkerTransport
from tests.factories.cluster import SERVICES, Cluster
from tests.factories.services import Running, run_service

# Tables that a repeated delivery changes: the readers' offsets, and the one-machine log.
MOVES = ("platform.consumer_offset", "platform.local_log")
# As in production, well above the client's 5 s, so that not both sides close an idle connection at once.
KEEP_ALIVE_SECONDS = 30
# The platform's own tasks of every minute and hour, which come due by real time.
OWN_WORK = (closing.KIND, bulk_reads.KIND, maintenance.KIND)
DUE_SOON = "kind = ANY ($1::text[]) AND done_at IS NULL AND due_at < now() + interval '12 hours'"


@dataclass(slots=True)
class FourServices:
    """The four services and the demonstration's world.

    `bootstrap` is empty on the one-machine transport.
    """

    services: dict[str, Running]
    world: World
    screen: io.StringIO
    bootstrap: str = ""

    async def wait_until_idle(self) -> None:
        """Wait until all events are read and no work is due, and stay so."""
        for service in self.services.values():
            await postpone_own_work(service)
        await self.world.wait_until_delivered()
        await self.world.wait_for("all services to be idle", self._is_idle)

    async def _is_idle(self) -> bool:
        return await is_idle(self.services, self.bootstrap)

    async def _read_ends(self) -> dict[tuple[str, int], int]:
        return await log_ends(self.services, self.bootstrap)

    async def deliver_all_again(self, times: int) -> int:
        """Append all records of every topic again, and return how many records that added."""
        before = sum((await self._read_ends()).values())
        if self.bootstrap:
            await send_again(self.bootstrap, times)
        else:
            for service in self.services.values():
                for _ in range(times):
                    await append_log_again(service)
        return sum((await self._read_ends()).values()) - before

    async def read_digest(self) -> dict[str, str]:
        """Return a hash of every table of every database, without the readers' offsets."""
        hashes: dict[str, str] = {}
        for name, service in self.services.items():
            hashes |= {f"{name}: {table}": value for table, value in (await read_digests(service)).items()}
        return hashes


async def postpone_own_work(service: Running) -> None:
    """Let the platform's own work come due tomorrow, so that idle services stay idle."""
    # Again while one is found: a task that runs at this moment writes its next time.
    while await service.sql(f"SELECT FROM platform.scheduled_task WHERE {DUE_SOON}", OWN_WORK):
        await service.sql(
            f"UPDATE platform.scheduled_task SET due_at = due_at + interval '1 day' WHERE {DUE_SOON}",
            OWN_WORK,
        )


async def append_log_again(service: Running) -> None:
    """Append the log's first content again, without sealed identities.

    Their bodies are deleted once they were read.
    """
    await service.execute(
        'INSERT INTO platform.local_log SELECT topic, partition, "offset" + 1 + (SELECT max("offset") FROM'
        " platform.local_log m WHERE m.topic = l.topic AND m.partition = l.partition), outbox_id, recorded_at FROM"
        " (SELECT DISTINCT ON (topic, partition, outbox_id) * FROM platform.local_log WHERE topic <>"
        " 'pilar.sealed' ORDER BY topic, partition, outbox_id, \"offset\") l"
    )


async def read_digests(service: Running) -> dict[str, str]:
    """Return a hash of each table's rows, independent of their order."""
    tables = await service.sql(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    hashes: dict[str, str] = {}
    for name in [row["name"] for row in tables if row["name"] not in MOVES]:
        rows = await service.sql(
            f"SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS md5 FROM {name} t"
        )
        hashes[name] = rows[0]["md5"]
    return hashes


async def send_again(bootstrap: str, times: int) -> None:
    """Send every record again unchanged, sealed identities included."""
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
async def serve_app(app: Any) -> AsyncIterator[int]:
    """Serve a started application on a free loopback port."""
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
    while not server.started:  # noqa: ASYNC110 (the server has no event for it)
        await asyncio.sleep(0.005)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def run_four_services(
    cluster: Cluster, folder: Path, bootstrap: str = "", **settings: Any
) -> AsyncIterator[FourServices]:
    """Run all four services with their workers, on Kafka at `bootstrap` or on one machine."""
    transport: Transport = "kafka" if bootstrap else "local"
    if bootstrap:
        await create_topics(Brokers(bootstrap))
    async with AsyncExitStack() as stack:
        more = settings | ({"transport": transport, "kafka_bootstrap": bootstrap} if bootstrap else {})
        services = {
            name: await stack.enter_async_context(run_service(cluster, name, **more)) for name in SERVICES
        }
        for service in services.values():
            service.database.wake_relay = service.worker.wake_relay = True  # so that relays listen
        ports = {name: await stack.enter_async_context(serve_app(services[name].app)) for name in SERVICES}
        await stack.enter_async_context(run_workers(services, bootstrap))
        urls = {name: service.settings.worker_database_url for name, service in services.items()}
        outboxes = await Outboxes.open(urls)
        stack.push_async_callback(outboxes.close)
        screen = io.StringIO()
        state = State(os.getpid(), transport, ports, urls, ready=True, bootstrap=bootstrap)
        console = Console(file=screen, width=200, highlight=False)
        world = World(DataFolder.of(folder), state, console, outboxes, lambda: None, cluster.issuer)
        stack.push_async_callback(world.http.aclose)
        yield FourServices(services, world, screen, bootstrap)


@asynccontextmanager
async def run_workers(services: dict[str, Running], bootstrap: str) -> AsyncIterator[None]:
    """Run each service's worker with all its parts."""
    stop = asyncio.Event()
    transports = LocalTransports({name: service.worker for name, service in services.items()})

    def transport_of(service: Running) -> WorkerTransport:
        return kafka_transport(service.settings) if bootstrap else transports.transport(service.name)

    tasks = [
        asyncio.create_task(
            run_parts(
                service.parts,
                service.worker,
                transport_of(service),
                stop,
                EVERY_PART,
                relayed=transports.wake,
            )
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
