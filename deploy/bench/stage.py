"""Where figures are measured: a durable PostgreSQL, a real broker, and the services' own processes, started one by one."""

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

from deploy.bench.caller import Caller
from deploy.child_process import Child
from deploy.kafka.broker import Broker
from deploy.local.deployment import answers
from deploy.local.issuer import DevelopmentIssuer
from deploy.local.migrations import migrate
from deploy.local.place import ROOT, Place
from deploy.loopback import LOOPBACK, free_port
from deploy.postgres.databases import create_service_database
from deploy.postgres.embedded import EmbeddedPostgres
from deploy.services import SERVICES
from shared.access import Actor
from shared.database import Database
from shared.events import Event
from shared.kafka.topics import create_topics
from shared.messaging import emit
from shared.worker import EVERY_PART

# Everybody's business day in the figures: pendamping, families and decrees are dated before it.
TODAY = "2026-05-18"
BEGINS_AT = datetime.fromisoformat(f"{TODAY}T08:00:00+07:00")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
# Asked of PostgreSQL for the latency of an event: both commits are dated by the one server, and nothing is added.
SETTINGS = {"track_commit_timestamp": "on"}
READY_WITHIN_SECONDS = 60
ENDS_WITHIN_SECONDS = 3
EMITTED_AT_ONCE = 1_000


class Stage:
    """Stores on disk, made for one run and removed after it; children of this process alone, each ended by its id."""

    def __init__(self, folder: Path) -> None:
        self.place = Place.of(folder)
        self.postgres = EmbeddedPostgres(folder, durable=True, settings=SETTINGS)
        self.children: dict[str, Child] = {}
        self.ports: dict[str, int] = {}
        self.databases: dict[str, Database] = {}
        self.connections: dict[str, asyncpg.Connection] = {}
        self._broker: Broker | None = None

    def start(self) -> Self:
        self.place.settle("kafka")
        self.place.make_keys()
        self.issuer = DevelopmentIssuer(self.place.issuer, "development")
        self.postgres.start()
        for service in SERVICES:
            passwords = self.postgres.passwords(service)
            create_service_database(self.postgres.superuser_dsn, service, passwords)
        owners = {service: self.dsn(service, "owner") for service in SERVICES}
        migrate(owners, begins_at=BEGINS_AT, say=lambda _: None)
        return self

    def stop(self) -> None:
        self.end_all()
        if self._broker is not None:
            self._broker.stop()
        self.postgres.wipe()

    async def topics(self) -> str:
        """The broker's address, with Pilar's topics on it; the broker is started when a figure first asks for it."""
        if self._broker is None:
            broker = Broker(self.place.kafka)
            await asyncio.to_thread(broker.start)
            self._broker = broker
            await create_topics(broker.bootstrap)
        return self._broker.bootstrap

    def dsn(self, service: str, role: str) -> str:
        """The address of a service's database under one of its roles."""
        password = self.postgres.passwords(service)[role]
        return self.postgres.dsn(f"pilar_{service}", f"{service}_{role}", password)

    def superuser(self, service: str) -> str:
        """The same database past every rule, for floors and for looking."""
        return self.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/pilar_{service}"

    def database(self, service: str) -> Database:
        """A service's database under its worker role, to tell facts in its name."""
        if service not in self.databases:
            self.databases[service] = Database(self.dsn(service, "worker"), service=service, pool_size=12)
        return self.databases[service]

    async def close(self) -> None:
        """Let go of what this process itself holds open."""
        for database in self.databases.values():
            await database.close()
        for connection in self.connections.values():
            await connection.close()
        self.databases.clear()
        self.connections.clear()

    async def tell(self, service: str, events: Sequence[Event]) -> None:
        """Write facts into a service's outbox as its own commands do."""
        for first in range(0, len(events), EMITTED_AT_ONCE):
            async with self.database(service).transaction(Actor.system(service)) as session:
                for event in events[first : first + EMITTED_AT_ONCE]:
                    emit(session, event)

    # Processes

    async def api(self, service: str) -> Caller:
        """The service's API in a process of its own; a caller to it."""
        name = f"{service}-api"
        if name not in self.children:
            self.run(name, service, f"services.{service}.app")
            await self.ready(name, f"http://{LOOPBACK}:{self.ports[name]}/readyz")
        return Caller(self.ports[name])

    async def worker(self, service: str, *parts: str) -> Child:
        """A part of the service's worker in a process of its own; a consumer may be told which subscriptions it reads."""
        await self.topics()
        name = "-".join([service, *(part for part in parts if part in EVERY_PART)])
        if name not in self.children:
            self.run(name, service, f"services.{service}.worker", *parts)
        return self.children[name]

    async def bare(self) -> Caller:
        """The bare API: FastAPI and asyncpg, and nothing of ours."""
        if "bare-api" not in self.children:
            self.run("bare-api", "caseload", "deploy.bench.floor.api", self.superuser("caseload"))
            await self.ready("bare-api", f"http://{LOOPBACK}:{self.ports['bare-api']}/livez")
        return Caller(self.ports["bare-api"])

    def run(self, name: str, service: str, module: str, *words: str) -> None:
        self.ports[name] = free_port()
        with (self.place.logs / f"{name}.log").open("ab") as log:
            self.children[name] = Child(
                [sys.executable, "-m", module, *words],
                on_death=signal.SIGKILL,
                environment=self.environment(service, self.ports[name]),
                folder=ROOT,
                output=log,
            )

    def end_all(self) -> None:
        """All are asked at once, each by its own id; one that lingers is killed."""
        for child in self.children.values():
            child.send(signal.SIGCONT)
            child.send(signal.SIGTERM)
        for child in self.children.values():
            child.stop(signal.SIGKILL if child.returncode is None and self.lingers(child) else signal.SIGTERM)
        self.children.clear()

    @staticmethod
    def lingers(child: Child) -> bool:
        with suppress(TimeoutError):
            child.wait(ENDS_WITHIN_SECONDS)
        return child.returncode is None

    def environment(self, service: str, port: int) -> dict[str, str]:
        kept = {variable: os.environ[variable] for variable in PASSED_ON if variable in os.environ}
        broker = {"PILAR_KAFKA_BOOTSTRAP": self._broker.bootstrap} if self._broker else {}
        return (
            kept
            | broker
            | {
                "PYTHONPATH": str(ROOT),
                "PILAR_MODE": "development",
                "PILAR_TRANSPORT": "kafka",
                "PILAR_SERVICE": service,
                "PILAR_DATABASE_URL": self.dsn(service, "api"),
                "PILAR_WORKER_DATABASE_URL": self.dsn(service, "worker"),
                "PILAR_KEYS_FOLDER": str(self.place.keys(service)),
                "PILAR_JWKS_FILE": str(self.issuer.key_set_file),
                "PILAR_DRAIN_SECONDS": "0",
                "PILAR_HOST": LOOPBACK,
                "PILAR_PORT": str(port),
            }
        )

    async def ready(self, name: str, url: str) -> None:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            while not await asyncio.to_thread(answers, url):
                self.refuse_ended(name)
                await asyncio.sleep(0.05)

    def refuse_ended(self, name: str) -> None:
        """A process that ended unasked would let a figure wait for ever."""
        if self.children[name].returncode is not None:
            log = self.place.logs / f"{name}.log"
            message = f"{name} ended: {log.read_text(errors='replace').strip().splitlines()[-3:]}"
            raise RuntimeError(message)

    async def floor(self, module: str, asked: dict[str, Any]) -> Any:
        """Run a floor in a process of its own, which measures itself; return what it found."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"deploy.bench.floor.{module}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=self.environment("caseload", 0),
        )
        try:
            told, _ = await process.communicate(json.dumps(asked).encode())
        finally:
            with suppress(ProcessLookupError):
                process.kill()
        if process.returncode:
            message = f"the floor {module} ended with status {process.returncode}"
            raise RuntimeError(message)
        return json.loads(told)

    async def ask(self, service: str, statement: str, *values: object) -> list[asyncpg.Record]:
        """Ask a service's database one thing, on a connection that is kept for it: opening one costs more than asking."""
        if service not in self.connections:
            self.connections[service] = await asyncpg.connect(self.superuser(service))
        return await self.connections[service].fetch(statement, *values)
