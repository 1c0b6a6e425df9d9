"""The one-machine deployment: starts, watches and stops all processes."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from deploy.child_process import Child
from deploy.kafka.broker import Broker, KafkaUnusable
from deploy.local.data_folder import ROOT, CannotRunHere, DataFolder, State, Transport
from deploy.local.environment import inherited
from deploy.local.forkserver import Order, send
from deploy.local.issuer import DevelopmentIssuer
from deploy.loopback import LOOPBACK
from deploy.postgres.databases import create_service_database
from deploy.postgres.embedded import EmbeddedPostgres, PostgresUnusable, open_postgres
from deploy.services import SERVICES

METRICS = tuple(f"{service}-metrics" for service in SERVICES)
NAMES = ("start", *SERVICES, "delivery", *METRICS)
WORKERS = tuple(f"{service}-worker" for service in SERVICES)
# The scenarios start in March 2026, and the business clock cannot go back.
START_TIME = datetime.fromisoformat("2026-03-01T08:00:00+07:00")
READY_TIMEOUT_SECONDS = 90


class Deployment:
    """PostgreSQL, Kafka if requested, four APIs, delivery and the start page.

    All processes end with this one. `start` returns when all of them answer. If it raises CannotRunHere, PostgresUnusable or
    KafkaUnusable (with one sentence), everything is stopped again.
    """

    def __init__(
        self, data_folder: DataFolder, *, transport: Transport = "local", base_port: int = 8100
    ) -> None:
        self.data_folder = data_folder
        self.transport: Transport = transport
        names = NAMES if transport == "local" else (*NAMES, *WORKERS)
        self.ports = {name: base_port + number for number, name in enumerate(names)}
        self.postgres = open_postgres(data_folder.folder)
        self.broker: Broker | None = None
        self.seconds: dict[str, float] = {}
        self._processes: Child | None = None
        self._reports_read = 0
        self._orders = data_folder.folder / "processes.json"

    def start(self, *, fresh: bool = False, report: Callable[[str], None] = lambda _: None) -> State:
        started = time.monotonic()
        if (running := self.data_folder.read()) is not None:
            raise CannotRunHere(
                f"Pilar already runs in {self.data_folder.folder}, at {running.url('start')}. Stop it first."
            )
        refuse_busy(self.ports)
        try:
            if fresh:
                self._wipe()
            self.data_folder.prepare(self.transport)
            self.data_folder.make_keys()
            self.issuer = DevelopmentIssuer(self.data_folder.issuer, "development")
            self._start_forkserver()
            self._start_stores(report)
            self._prepare_databases(report)
            send(self._orders, self._process_orders())
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self.seconds["ready"] = time.monotonic() - started
        self.data_folder.write(replace(self.state, ready=True))
        return self.state

    def stop(self) -> None:
        """Stop APIs and delivery first, then the broker, and PostgreSQL last."""
        if self._processes is not None:
            self._processes.stop(timeout=20)
            self._processes = None
        if self.broker is not None:
            self.broker.stop()
        self.postgres.stop()
        self._orders.unlink(missing_ok=True)
        self.data_folder.delete_state()

    @property
    def state(self) -> State:
        workers = {name: self._url(name, "worker") for name in SERVICES}
        bootstrap = self.broker.bootstrap if self.broker else ""
        return State(os.getpid(), self.transport, self.ports, workers, bootstrap=bootstrap)

    @property
    def store_ports(self) -> dict[str, int]:
        """The ports of PostgreSQL and Kafka that this deployment has started."""
        postgres = {"PostgreSQL": self.postgres.port} if isinstance(self.postgres, EmbeddedPostgres) else {}
        return postgres | ({"Kafka": self.broker.port} if self.broker else {})

    def ended(self) -> str | None:
        """Return a sentence if a process has ended, else None."""
        if self._processes is not None and self._processes.returncode is not None:
            return ": ".join(part for part in ("a process ended", self.unread_reports()) if part)
        if self.broker is not None and not self.broker.running:
            return f"the Kafka broker ended; its log is {self.broker.log}"
        return None

    def unread_reports(self) -> str:
        """Return the ends and restarts of processes since the last call."""
        with self._log("processes").open("rb") as log:
            log.seek(self._reports_read)
            lines = log.read()
            self._reports_read = log.tell()
        return lines.decode(errors="replace").strip()

    def _wipe(self) -> None:
        if not isinstance(self.postgres, EmbeddedPostgres):
            raise CannotRunHere("FRESH=1 does not wipe an external PostgreSQL. Unset PILAR_POSTGRES_URL.")
        self.data_folder.folder.mkdir(parents=True, exist_ok=True)
        self.postgres.wipe()
        self.data_folder.clear()

    def _start_forkserver(self) -> None:
        """Start the fork server, which loads the services' code while the databases are prepared."""
        self._orders.unlink(missing_ok=True)
        with self._log("processes").open("ab") as log:
            self._reports_read = log.tell()
            self._processes = Child(
                [sys.executable, "-m", "deploy.local.forkserver", self._orders, self.transport],
                on_death=signal.SIGKILL,
                environment=self._environment("processes"),
                folder=ROOT,
                output=log,
            )

    def _start_stores(self, report: Callable[[str], None]) -> None:
        with self._timed("postgresql"):
            self.postgres.start()
            self.data_folder.write(self.state)
        if self.transport == "kafka":
            report("Starting Kafka")
            with self._timed("kafka"):
                self.broker = Broker(self.data_folder.kafka)
                self.broker.start()

    def _prepare_databases(self, report: Callable[[str], None]) -> None:
        with self._timed("databases"):
            for service in SERVICES:
                create_service_database(
                    self.postgres.superuser_dsn, service, self.postgres.passwords(service)
                )
        with self._timed("migrations"):
            from deploy.local.migrations import migrate

            migrate(
                {name: self._url(name, "owner") for name in SERVICES}, start_time=START_TIME, report=report
            )

    def _process_orders(self) -> list[Order]:
        folder = {"PILAR_FOLDER": str(self.data_folder.folder)}
        apis = [self._order(name, f"services.{name}.app", self._api_environment(name)) for name in SERVICES]
        return [*apis, self._order("start", "deploy.local.start_page", folder), *self._worker_orders()]

    def _worker_orders(self) -> list[Order]:
        """Return one delivery and one jobs process, or on Kafka two per service."""
        if self.broker is None:
            every = {key: value for name in SERVICES for key, value in self._worker_environment(name).items()}
            module = "deploy.local.delivery"
            return [self._order("delivery", module, every), self._order("jobs", module, every, "jobs")]
        return [order for name in SERVICES for order in self._kafka_worker_orders(name)]

    def _kafka_worker_orders(self, service: str) -> list[Order]:
        name, module = f"{service}-worker", f"services.{service}.worker"
        environment = self._worker_environment(service)
        metrics = {"PILAR_METRICS_PORT": str(self.ports[name])}
        return [
            self._order(name, module, environment | metrics, "relay", "consumer"),
            self._order(f"{service}-jobs", module, environment, "jobs"),
        ]

    def _order(self, name: str, module: str, environment: Mapping[str, str], *arguments: str) -> Order:
        merged = {**self._environment(name), **environment}
        return Order(name, module, str(self._log(name)), merged, arguments)

    def _environment(self, name: str) -> dict[str, str]:
        """Return the variables of every process. No service gets another's address or keys."""
        own = {
            "PYTHONPATH": str(ROOT),
            "PILAR_MODE": "development",
            "PILAR_TRANSPORT": self.transport,
            "PILAR_JWKS_FILE": str(self.issuer.key_set_file),
            "PILAR_DRAIN_SECONDS": "0",
            "PILAR_WEBHOOK_LOOPBACK": "true",
            "PILAR_HOST": LOOPBACK,
            "PILAR_PORT": str(self.ports.get(name, 0)),
        }
        return inherited(os.environ) | own

    def _api_environment(self, service: str) -> dict[str, str]:
        return {
            "PILAR_SERVICE": service,
            "PILAR_DATABASE_URL": self._url(service, "api"),
            "PILAR_KEYS_FOLDER": str(self.data_folder.keys(service)),
            "PILAR_METRICS_PORT": str(self.ports[f"{service}-metrics"]),
        }

    def _worker_environment(self, service: str) -> dict[str, str]:
        prefix = f"PILAR_{service.upper()}_"
        bootstrap = {"PILAR_KAFKA_BOOTSTRAP": self.broker.bootstrap} if self.broker else {}
        return {
            f"{prefix}WORKER_DATABASE_URL": self._url(service, "worker"),
            f"{prefix}KEYS_FOLDER": str(self.data_folder.keys(service)),
            **bootstrap,
        }

    def _url(self, service: str, role: str) -> str:
        password = self.postgres.passwords(service)[role]
        return self.postgres.dsn(f"pilar_{service}", f"{service}_{role}", password)

    def _wait_until_ready(self) -> None:
        waiting = {name: f"http://{LOOPBACK}:{self.ports[name]}{path}" for name, path in self._probes()}
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while waiting:
            waiting = {name: url for name, url in waiting.items() if not answers(url)}
            if sentence := self.ended():
                raise CannotRunHere(f"{sentence[0].upper()}{sentence[1:]}")
            if time.monotonic() > deadline:
                raise CannotRunHere(
                    f"Not ready after {READY_TIMEOUT_SECONDS} s: {', '.join(waiting)}. See {self.data_folder.logs}."
                )
            time.sleep(0.05)

    def _probes(self) -> list[tuple[str, str]]:
        delivering = ["delivery"] if self.broker is None else WORKERS
        probes = [(service, "/readyz") for service in SERVICES]
        return [*probes, ("start", "/livez"), *((name, "/metrics") for name in delivering)]

    def _log(self, name: str) -> Path:
        return self.data_folder.logs / f"{name}.log"

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  # a loopback address
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def is_busy(port: int) -> bool:
    """Return whether a program listens on this port.

    A port in TIME_WAIT of a stopped server is free.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
        return False


def refuse_busy(ports: Mapping[str, int]) -> None:
    taken = [str(port) for port in ports.values() if is_busy(port)]
    if taken:
        raise CannotRunHere(
            f"{'Ports' if len(taken) > 1 else 'Port'} {', '.join(taken)} already in use. Stop the other program, or choose other ports: "
            f"`make up PORT={ports['start'] + 100}`."
        )


def free_base(start: int = 8110) -> int:
    """Return the first of as many consecutive free ports as a deployment needs."""
    for base in range(start, 60_000, 20):
        if not any(is_busy(base + number) for number in range(len(NAMES) + len(WORKERS))):
            return base
    raise CannotRunHere("This machine has too few consecutive free ports.")


__all__ = ["START_TIME", "CannotRunHere", "Deployment", "KafkaUnusable", "PostgresUnusable", "free_base"]
