"""The environment of a benchmark: a durable PostgreSQL, a broker, and service processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import asyncpg

from deploy.bench.http_client import HttpClient
from deploy.child_process import Child
from deploy.kafka.broker import Broker
from deploy.local.data_folder import ROOT, DataFolder
from deploy.local.deployment import answers
from deploy.local.issuer import DevelopmentIssuer
from deploy.local.migrations import migrate
from deploy.loopback import LOOPBACK, free_port
from deploy.postgres.databases import create_service_database
from deploy.postgres.embedded import EmbeddedPostgres
from deploy.services import SERVICES
from shared.access import Actor
from shared.database import Database
from shared.events import Event
from shared.kafka.brokers import Brokers
from shared.kafka.topics import create_topics
from shared.messaging import emit
from shared.worker import EVERY_PART

# The business day of all figures. Pendamping and families start before it.
TODAY = "2026-05-18"
START_TIME = datetime.fromisoformat(f"{TODAY}T08:00:00+07:00")
INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
# The latency figure reads the commit timestamps of both services' rows.
SETTINGS = {"track_commit_timestamp": "on"}
READY_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 3
BATCH_SIZE = 1_000


class Testbed:
    """Data folders for one run, removed after it, and the service processes."""

    def __init__(self, folder: Path) -> None:
        self.data_folder = DataFolder.of(folder)
        self.postgres = EmbeddedPostgres(folder, durable=True, settings=SETTINGS)
        self.children: dict[str, Child] = {}
        self.ports: dict[str, int] = {}
        self.databases: dict[str, Database] = {}
        self.connections: dict[str, asyncpg.Connection] = {}
        self._broker: Broker | None = None

    def start(self) -> Self:
        self.data_folder.prepare("kafka")
        self.data_folder.make_keys()
        self.issuer = DevelopmentIssuer(self.data_folder.issuer, "development")
        self.postgres.start()
        for service in SERVICES:
            passwords = self.postgres.passwords(service)
            create_service_database(self.postgres.superuser_dsn, service, passwords)
        owners = {service: self.dsn(service, "owner") for service in SERVICES}
        migrate(owners, start_time=START_TIME, report=lambda _: None)
        return self

    def stop(self) -> None:
        self.stop_processes()
        if self._broker is not None:
            self._broker.stop()
        self.postgres.wipe()

    async def start_broker(self) -> str:
        """Return the broker's address. The first call starts it and creates the topics."""
        if self._broker is None:
            broker = Broker(self.data_folder.kafka)
            await asyncio.to_thread(broker.start)
            self._broker = broker
            await create_topics(Brokers(broker.bootstrap))
        return self._broker.bootstrap

    def dsn(self, service: str, role: str) -> str:
        """Return the address of a service's database for one of its roles."""
        password = self.postgres.passwords(service)[role]
        return self.postgres.dsn(f"pilar_{service}", f"{service}_{role}", password)

    def superuser(self, service: str) -> str:
        """Return the address of a service's database for the superuser, whom no row security limits."""
        return self.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/pilar_{service}"

    def database(self, service: str) -> Database:
        """Return a service's database under its worker role, to emit events in its name."""
        if service not in self.databases:
            self.databases[service] = Database(self.dsn(service, "worker"), service=service, pool_size=12)
        return self.databases[service]

    async def close(self) -> None:
        """Close the connections of this process."""
        for database in self.databases.values():
            await database.close()
        for connection in self.connections.values():
            await connection.close()
        self.databases.clear()
        self.connections.clear()

    async def emit_events(self, service: str, events: Sequence[Event]) -> None:
        """Write events into a service's outbox, as its commands do."""
        for first in range(0, len(events), BATCH_SIZE):
            async with self.database(service).transaction(Actor.system(service)) as session:
                for event in events[first : first + BATCH_SIZE]:
                    emit(session, event)

    # Processes

    async def api(self, service: str) -> HttpClient:
        """Start the service's API in its own process, and return a client to it."""
        name = f"{service}-api"
        if name not in self.children:
            self.start_process(name, service, f"services.{service}.app")
            await self.wait_ready(name, f"http://{LOOPBACK}:{self.ports[name]}/readyz")
        return HttpClient(self.ports[name])

    async def worker(self, service: str, *parts: str) -> Child:
        """Start parts of the service's worker in their own process.

        For a consumer, `parts` may name the subscriptions that it reads.
        """
        await self.start_broker()
        name = "-".join([service, *(part for part in parts if part in EVERY_PART)])
        if name not in self.children:
            self.start_process(name, service, f"services.{service}.worker", *parts)
        return self.children[name]

    async def bare(self) -> HttpClient:
        """Start the bare API, and return a client to it."""
        if "bare-api" not in self.children:
            self.start_process("bare-api", "caseload", "deploy.bench.floor.api", self.superuser("caseload"))
            await self.wait_ready("bare-api", f"http://{LOOPBACK}:{self.ports['bare-api']}/livez")
        return HttpClient(self.ports["bare-api"])

    async def unaudited(self) -> HttpClient:
        """Start caseload's API without entries of reads, and return a client to it."""
        if "unaudited-api" not in self.children:
            self.start_process("unaudited-api", "caseload", "deploy.bench.floor.unaudited")
            await self.wait_ready("unaudited-api", f"http://{LOOPBACK}:{self.ports['unaudited-api']}/readyz")
        return HttpClient(self.ports["unaudited-api"])

    def start_process(self, name: str, service: str, module: str, *arguments: str) -> None:
        self.ports[name] = free_port()
        with (self.data_folder.logs / f"{name}.log").open("ab") as log:
            self.children[name] = Child(
                [sys.executable, "-m", module, *arguments],
                on_death=signal.SIGKILL,
                environment=self.environment(service, self.ports[name]),
                folder=ROOT,
                output=log,
            )

    def stop_processes(self) -> None:
        """Send all processes SIGTERM, then kill those that do not end."""
        for child in self.children.values():
            child.send(signal.SIGCONT)
            child.send(signal.SIGTERM)
        for child in self.children.values():
            child.stop(
                signal.SIGKILL
                if child.returncode is None and self.is_running_after_timeout(child)
                else signal.SIGTERM
            )
        self.children.clear()

    @staticmethod
    def is_running_after_timeout(child: Child) -> bool:
        with suppress(TimeoutError):
            child.wait(STOP_TIMEOUT_SECONDS)
        return child.returncode is None

    def environment(self, service: str, port: int) -> dict[str, str]:
        inherited = {
            variable: os.environ[variable] for variable in INHERITED_VARIABLES if variable in os.environ
        }
        broker = {"PILAR_KAFKA_BOOTSTRAP": self._broker.bootstrap} if self._broker else {}
        return (
            inherited
            | broker
            | {
                "PYTHONPATH": str(ROOT),
                "PILAR_MODE": "development",
                "PILAR_TRANSPORT": "kafka",
                "PILAR_SERVICE": service,
                "PILAR_DATABASE_URL": self.dsn(service, "api"),
                "PILAR_WORKER_DATABASE_URL": self.dsn(service, "worker"),
                "PILAR_KEYS_FOLDER": str(self.data_folder.keys(service)),
                "PILAR_JWKS_FILE": str(self.issuer.key_set_file),
                "PILAR_DRAIN_SECONDS": "0",
                "PILAR_HOST": LOOPBACK,
                "PILAR_PORT": str(port),
            }
        )

    async def wait_ready(self, name: str, url: str) -> None:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            while not await asyncio.to_thread(answers, url):
                self.check_running(name)
                await asyncio.sleep(0.05)

    def check_running(self, name: str) -> None:
        """Raise if a process has ended, because a figure would wait for it without end."""
        if self.children[name].returncode is not None:
            log = self.data_folder.logs / f"{name}.log"
            message = f"{name} ended: {log.read_text(errors='replace').strip().splitlines()[-3:]}"
            raise RuntimeError(message)

    async def floor(self, module: str, parameters: dict[str, Any]) -> Any:
        """Run a floor in its own process and return the values that it measured."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"deploy.bench.floor.{module}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=self.environment("caseload", 0),
        )
        try:
            output, _ = await process.communicate(json.dumps(parameters).encode())
        finally:
            with suppress(ProcessLookupError):
                process.kill()
        if process.returncode:
            message = f"the floor {module} ended with status {process.returncode}"
            raise RuntimeError(message)
        return json.loads(output)

    async def fetch(self, service: str, statement: str, *values: object) -> list[asyncpg.Record]:
        """Fetch rows from a service's database, on a cached connection.

        Opening a connection costs more than a query.
        """
        if service not in self.connections:
            self.connections[service] = await asyncpg.connect(self.superuser(service))
        return await self.connections[service].fetch(statement, *values)
