"""Running services: real PostgreSQL, migrations, routes, relay and cursor."""

import asyncio
import importlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.commands import address as partner_address
from shared import clock, telemetry
from shared.access import Actor, Role
from shared.database import Database
from shared.events import Event
from shared.jobs import run_scheduled_task, run_step
from shared.settings import Settings
from shared.worker import Parts, prepare
from tests.factories.cluster import Cluster
from tests.factories.papers import Papers
from tests.factories.refusal_texts import check_published, check_refusal
from tests.factories.remedies import TRAIL, check_remedy
from tests.factories.service_reuse import ReusableService

# A job whose step failed waits a moment before it is retried.
RETRIED_SOON = "SELECT FROM platform.job WHERE state = 'RUNNING' AND lease IS NULL LIMIT 1"


@dataclass(slots=True)
class Running:
    """One service on an empty database.

    Its routes run in this process, its worker when a test calls it.
    """

    name: str
    cluster: Cluster
    settings: Settings
    database_name: str
    app: Any
    client: httpx.AsyncClient
    database: Database
    worker: Database
    parts: Parts
    reused: ReusableService
    papers: Papers = field(default_factory=Papers)

    def token(
        self,
        role: Role | str,
        sub: str = "",
        areas: Sequence[str] = ("*",),
        *,
        pendamping_id: UUID | str | None = None,
        partner_id: UUID | str | None = None,
        ditjen: str | None = None,
    ) -> str:
        """Return a signed token of a role. `sub` defaults to the role's name."""
        ids = {"pendamping_id": pendamping_id, "partner_id": partner_id, "ditjen": ditjen}
        return self.cluster.issuer.token(role, sub or f"{str(role).lower()}-1", areas, **ids)

    async def get(self, path: str, *, as_: str | None = None, **more: Any) -> httpx.Response:
        """GET with a token."""
        return await self.client.get(path, headers=_headers(as_, None, more.pop("headers", {})), **more)

    async def post(
        self, path: str, json: Any = None, *, as_: str | None = None, key: str | None = "", **more: Any
    ) -> httpx.Response:
        """POST with a token and a new Idempotency-Key (`key=None`: without one)."""
        async with self.papers.one_at_a_time:
            for content in self.papers.missing_of(as_, json):
                await self.put_file(content, as_=str(as_))
        idempotency_key = secrets.token_hex(8) if key == "" else key
        return await self.client.post(
            path, json=json, headers=_headers(as_, idempotency_key, more.pop("headers", {})), **more
        )

    async def put_file(self, content: bytes, *, as_: str) -> str:
        """Upload a file and return its SHA-256."""
        headers = {"Authorization": f"Bearer {as_}", "Content-Type": "application/octet-stream"}
        answer = await self.client.post("/v1/files", content=content, headers=headers)
        assert answer.status_code == 201, answer.text
        return self.papers.add(content, as_, str(answer.json()["sha256"]))

    async def has_unsent(self) -> bool:
        """Return whether events wait for the relay.

        Cheaper than starting the relay, which opens a session and locks all shards.
        """
        async with self.worker.engine.connect() as connection:
            result = await connection.exec_driver_sql("SELECT EXISTS (SELECT FROM platform.unsent)")
            return bool(result.scalar_one())

    async def metrics(self) -> str:
        """Return the content of /metrics, without its cache."""
        return (await telemetry.render(self.app.state.database))[0].decode()

    async def work(self) -> int:
        """Run jobs and scheduled tasks until none is due. Return the turns with work."""
        TRAIL.clear()
        turns = 0
        while True:
            if await run_step(self.worker, self.parts.work) | await run_scheduled_task(
                self.worker, self.parts.work
            ):
                turns += 1
                assert turns < 10_000, "the work does not end"
            elif await self.sql(RETRIED_SOON):
                await asyncio.sleep(0.05)
            else:
                return turns

    async def set_clock(self, instant: Any) -> None:
        """Move the business clock of this service."""
        TRAIL.clear()
        async with self.database.transaction(Actor.system(self.name)) as session:
            await clock.set_to(session, instant)

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Fetch rows as superuser, without row security."""
        if not statement.lstrip().upper().startswith("SELECT"):
            TRAIL.clear()
        async with self._open_connection() as connection:
            return await connection.fetch(statement, *values)

    @asynccontextmanager
    async def _open_connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Yield one session for all queries. A concurrent query gets its own."""
        connection, self.reused.asks = self.reused.asks, None
        if connection is None or connection.is_closed():
            connection = await asyncpg.connect(self.cluster.address(self.database_name))
        try:
            yield connection
        finally:
            if self.reused.asks is None and not connection.is_closed():
                self.reused.asks = connection
            else:
                await connection.close()

    async def execute(self, statement: str) -> None:
        """Run a script of statements as superuser."""
        TRAIL.clear()
        connection = await asyncpg.connect(self.cluster.address(self.database_name))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def expect_sql_refusal(self, statement: str, refusal: type[Exception]) -> None:
        """Assert that the API's and the worker's role are refused in the national scope."""
        for url in (self.settings.database_url, self.settings.worker_database_url):
            connection = await asyncpg.connect(url)
            try:
                with pytest.raises(refusal):
                    await execute_nationally(connection, statement)
            finally:
                await connection.close()

    async def read_envelopes(self) -> list[dict[str, Any]]:
        """Return every envelope in the outbox, in order."""
        rows = await self.sql(
            "SELECT body::json AS body FROM platform.outbox WHERE body IS NOT NULL ORDER BY outbox_id"
        )
        return [__import__("json").loads(row["body"]) for row in rows]

    async def publish(self, *events: Event) -> None:
        """Write events of any service into this service's outbox, for tests of one subscriber."""
        from shared.messaging import emit

        async with self.reused.superuser.transaction(Actor.system(self.name)) as session:
            for event in events:
                emit(session, event)

    @asynccontextmanager
    async def session(self, actor: Actor | None = None) -> Any:
        """Open a transaction of the worker role."""
        TRAIL.clear()
        async with self.worker.transaction(actor or Actor.system(self.name)) as session:
            assert isinstance(session, AsyncSession)
            yield session


async def open_scope(
    connection: asyncpg.Connection,
    *,
    areas: str = "",
    scope: str = "AREA",
    pendamping: str = "",
    partner: str = "",
    ditjen: str = "",
) -> None:
    """Give an open transaction of the API role the scope of a request."""
    statement = "SELECT platform.open_scope($1, $2, $3, $4, $5, NULL)"
    await connection.execute(statement, scope, areas, pendamping, partner, ditjen)


async def execute_nationally(connection: asyncpg.Connection, statement: str) -> None:
    """Execute a statement in its own transaction, in the scope of the whole country."""
    async with connection.transaction():
        await open_scope(connection, areas="*", scope="NATIONAL")
        await connection.execute(statement)


def _headers(token: str | None, key: str | None, more: dict[str, str]) -> dict[str, str]:
    headers = {"X-Purpose": "VERIFIKASI"} | more
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if key is not None:
        headers["Idempotency-Key"] = key
    return headers


def import_module_of(service: str, name: str) -> ModuleType:
    """Import a module of a service."""
    return importlib.import_module(f"services.{service}.{name}")


@asynccontextmanager
async def run_service(cluster: Cluster, service: str, **more: Any) -> Any:
    """Run a service on a database as its migrations left it."""
    reusable = not more and cluster.loop is asyncio.get_running_loop()
    idle = cluster.idle_services[service] if reusable else []
    reused = idle.pop() if idle else await ReusableService.start(cluster, service, more, reusable=reusable)
    TRAIL.clear()
    parts: Parts = import_module_of(service, "worker").PARTS
    prepare(parts)
    # Process-wide: building another application of referral, for its OpenAPI document, sets it too.
    partner_address.configure(reused.settings)
    # No relay listens: tests run it themselves. In journeys `run_four_services` starts workers and sets this.
    reused.app.state.database.wake_relay = reused.worker.wake_relay = False
    transport = httpx.ASGITransport(app=reused.app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(
            transport=transport,
            base_url=f"http://{service}.test",
            timeout=30,
            trust_env=False,
            event_hooks={
                "response": [check_refusal, partial(check_published, service), partial(check_remedy, service)]
            },
        ) as client:
            running_service = Running(
                service,
                cluster,
                reused.settings,
                reused.database_name,
                reused.app,
                client,
                reused.app.state.database,
                reused.worker,
                parts,
                reused,
            )
            await cluster.recalled.begin(reused.initial_state)
            yield running_service
    finally:
        cluster.recalled.end()
        if reusable and await reused.restore():
            idle.append(reused)
        else:
            await reused.stop()


def expect_refusal(answer: httpx.Response, title: str, status: int = 409) -> None:
    """Assert that an answer is a refusal with this title."""
    assert (answer.status_code, answer.json()["title"]) == (status, title), answer.text
