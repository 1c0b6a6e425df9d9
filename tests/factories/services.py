"""Running services for tests: real PostgreSQL, migrations applied, real routes, the real relay and cursor."""

import asyncio
import importlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
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
from shared.jobs import run_due, run_step
from shared.messaging.consumer import Consumer, stored_places
from shared.messaging.local import LocalPublisher, LocalSource
from shared.messaging.relay import Relay
from shared.messaging.subscription import Subscription
from shared.settings import Settings
from shared.worker import Parts, prepare
from tests.factories.cluster import Cluster
from tests.factories.service_reuse import Standing

# A job whose step failed waits a moment for its next turn.
TRIED_AGAIN_SOON = "SELECT FROM platform.job WHERE state = 'RUNNING' AND lease IS NULL LIMIT 1"


@dataclass(slots=True)
class Running:
    """One service on a fresh database: its routes in this process, its worker at the test's word."""

    name: str
    cluster: Cluster
    settings: Settings
    database_name: str
    app: Any
    client: httpx.AsyncClient
    database: Database
    worker: Database
    parts: Parts
    asks: asyncpg.Connection | None = None

    def token(
        self,
        role: Role | str,
        sub: str = "",
        areas: Sequence[str] = ("*",),
        *,
        pendamping_id: UUID | str | None = None,
        partner_id: UUID | str | None = None,
    ) -> str:
        """Return a signed token for a role; `sub` defaults to the role's own name."""
        return self.cluster.issuer.token(
            role, sub or f"{str(role).lower()}-1", areas, pendamping_id=pendamping_id, partner_id=partner_id
        )

    async def get(self, path: str, *, as_: str | None = None, **more: Any) -> httpx.Response:
        """GET with a token."""
        return await self.client.get(path, headers=_headers(as_, None, more.pop("headers", {})), **more)

    async def post(
        self, path: str, json: Any = None, *, as_: str | None = None, key: str | None = "", **more: Any
    ) -> httpx.Response:
        """POST with a token and a fresh Idempotency-Key (`key=None`: without one)."""
        wanted = secrets.token_hex(8) if key == "" else key
        return await self.client.post(
            path, json=json, headers=_headers(as_, wanted, more.pop("headers", {})), **more
        )

    async def put_file(self, content: bytes, *, as_: str) -> str:
        """Store a file; return its SHA-256."""
        headers = {"Authorization": f"Bearer {as_}", "Content-Type": "application/octet-stream"}
        answer = await self.client.post("/v1/files", content=content, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sha256"])

    async def unsent(self) -> bool:
        """Whether anything waits for the relay: its own session and the locks of all shards cost more than looking."""
        async with self.worker.engine.connect() as connection:
            asked = await connection.exec_driver_sql("SELECT EXISTS (SELECT FROM platform.unsent)")
            return bool(asked.scalar_one())

    async def metrics(self) -> str:
        """Return what /metrics shows, without its cache."""
        return (await telemetry.render(self.app.state.database))[0].decode()

    async def work(self) -> int:
        """Run jobs and what is due until there is nothing to do; return how many turns had work."""
        turns = 0
        while True:
            if await run_step(self.worker, self.parts.work) | await run_due(self.worker, self.parts.work):
                turns += 1
                assert turns < 10_000, "the work does not end"
            elif await self.sql(TRIED_AGAIN_SOON):
                await asyncio.sleep(0.05)
            else:
                return turns

    async def set_clock(self, instant: Any) -> None:
        """Move the business clock of this service."""
        async with self.database.transaction(Actor.system(self.name)) as session:
            await clock.set_to(session, instant)

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Run a statement as superuser, past row security; return its rows."""
        async with self._asking() as connection:
            return await connection.fetch(statement, *values)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[asyncpg.Connection]:
        """One session for all questions, one after the other; who asks meanwhile gets its own."""
        kept, self.asks = self.asks, None
        if kept is None or kept.is_closed():
            kept = await asyncpg.connect(self.cluster.address(self.database_name))
        try:
            yield kept
        finally:
            if self.asks is None and not kept.is_closed():
                self.asks = kept
            else:
                await kept.close()

    async def execute(self, statement: str) -> None:
        """Run a script of statements as superuser."""
        connection = await asyncpg.connect(self.cluster.address(self.database_name))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def refuses(self, statement: str, refusal: type[Exception]) -> None:
        """See the database itself refuse a statement, under the role of the api and under that of the worker."""
        for url in (self.settings.database_url, self.settings.worker_database_url):
            connection = await asyncpg.connect(url)
            try:
                with pytest.raises(refusal):
                    await connection.execute(statement)
            finally:
                await connection.close()

    async def emitted(self) -> list[dict[str, Any]]:
        """Return every envelope in the outbox, in order."""
        rows = await self.sql(
            "SELECT body::json AS body FROM platform.outbox WHERE body IS NOT NULL ORDER BY outbox_id"
        )
        return [__import__("json").loads(row["body"]) for row in rows]

    async def publish(self, *events: Event) -> None:
        """Put facts of any service into this one's outbox: for tests of a reader alone."""
        from shared.messaging import emit

        address = self.cluster.address(self.database_name)
        superuser = Database(address, service=self.name, pool_size=1, wake_relay=False)
        try:
            async with superuser.transaction(Actor.system(self.name)) as session:
                for event in events:
                    emit(session, event)
        finally:
            await superuser.close()

    @asynccontextmanager
    async def session(self, actor: Actor | None = None) -> Any:
        """Open a transaction under the worker role."""
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
) -> None:
    """Let an open transaction of the api role see what a request of this scope sees."""
    statement = "SELECT platform.open_scope($1, $2, $3, $4, NULL)"
    await connection.execute(statement, scope, areas, pendamping, partner)


def _headers(token: str | None, key: str | None, more: dict[str, str]) -> dict[str, str]:
    headers = dict(more)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if key is not None:
        headers["Idempotency-Key"] = key
    return headers


def module_of(service: str, name: str) -> ModuleType:
    """Import a part of a service."""
    return importlib.import_module(f"services.{service}.{name}")


@asynccontextmanager
async def running(cluster: Cluster, service: str, **more: Any) -> Any:
    """Run a service on a database that is as its migrations left it."""
    lent = not more and cluster.loop is asyncio.get_running_loop()
    waiting = cluster.shelf[service] if lent else []
    standing = waiting.pop() if waiting else await Standing.begin(cluster, service, more, lent=lent)
    parts: Parts = module_of(service, "worker").PARTS
    prepare(parts)
    # Process-wide: any application of referral that was built meanwhile, for its contract alone, has set it too.
    partner_address.configure(standing.settings)
    # Nobody listens: facts are carried at the test's word, or, in a journey, by workers that are told of by `together`.
    standing.app.state.database.wake_relay = standing.worker.wake_relay = False
    transport = httpx.ASGITransport(app=standing.app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{service}.test", timeout=30, trust_env=False
        ) as client:
            made = Running(
                service,
                cluster,
                standing.settings,
                standing.database_name,
                standing.app,
                client,
                standing.app.state.database,
                standing.worker,
                parts,
                standing.asks,
            )
            try:
                yield made
            finally:
                standing.asks = made.asks
    finally:
        if lent and await standing.wiped():
            waiting.append(standing)
        else:
            await standing.leave()


async def relay(publisher: Running) -> int:
    """Carry everything unsent into the one-machine log, with the real relay; return how many events."""
    if not await publisher.unsent():
        return 0
    runner = Relay(publisher.worker.url, publisher.name, LocalPublisher())
    connection = await runner.connect()
    try:
        await runner.take_share(connection)
        total = 0
        while sent := await runner.step(connection):
            total += sent
        return total
    finally:
        await connection.close()


def topics_of(service: Running) -> set[str]:
    """The topics that a service publishes."""
    return {f"pilar.{service.name}"} | ({"pilar.sealed"} if service.name == "caseload" else set())


async def apply(subscriber: Running, subscription: Subscription, publishers: dict[str, Database]) -> int:
    """Let one subscription read what is new of the topics given, with the real cursor; return how many records."""
    topics = [topic for topic in subscription.topics if topic in publishers]
    if not topics:
        return 0
    places = await stored_places(subscriber.worker, subscription.name)
    source = LocalSource(publishers, topics, stored=places)
    await source.start(places.offsets, starts=subscription.starts)
    # Measured just now: how far behind it is, is asked by nobody here.
    consumer = Consumer(subscriber.worker, subscription, lambda _: source, measured_at=monotonic())
    total = 0
    while count := await consumer.turn(source, places, 0):
        total += count
        places = await stored_places(subscriber.worker, subscription.name)
    return total


async def deliver(publisher: Running, subscriber: Running, times: int = 1) -> int:
    """Carry what `publisher` told to all subscriptions of `subscriber`; `times` > 1 delivers it all again."""
    await relay(publisher)
    publishers = dict.fromkeys(topics_of(publisher), publisher.worker)
    total = 0
    for _ in range(times):
        for subscription in subscriber.parts.subscriptions:
            total += await apply(subscriber, subscription, publishers)
        if times > 1:
            await again(publisher)
    return total


async def again(publisher: Running) -> None:
    """Append the whole log of a publisher to itself, as a republish does."""
    await publisher.sql(
        'INSERT INTO platform.local_log SELECT topic, partition, "offset" + 1 + (SELECT max("offset") FROM'
        " platform.local_log m WHERE m.topic = l.topic AND m.partition = l.partition), outbox_id, recorded_at"
        " FROM platform.local_log l WHERE topic <> 'pilar.sealed'"
    )


async def settle(*services: Running) -> None:
    """Work and deliver among all services until nothing moves."""
    for _ in range(50):
        moved = sum([await service.work() for service in services])
        for publisher in services:
            moved += await relay(publisher)
        for publisher in services:
            for subscriber in services:
                if publisher is not subscriber:
                    moved += await deliver(publisher, subscriber)
        if not moved:
            return
    message = "the services do not come to rest"
    raise AssertionError(message)
