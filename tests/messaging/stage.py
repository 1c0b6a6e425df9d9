"""A stage for messaging alone: one database that tells, one that hears, and a road between them. No service is here."""

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from deploy.local.databases import create_service_database
from deploy.local.processes import Child
from shared import schema
from shared.access import Actor
from shared.contracts.caseload import IdentitySealed
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingRegistered, PendampingStatusChanged
from shared.database import COLUMN_TYPES, Database, raw, service_metadata, upsert, uuid7
from shared.events import Event
from shared.messaging import Meta, Received, Subscription, emit
from shared.messaging.applying import receive
from shared.messaging.consumer import Consumer, Source, Stored, stored_places
from shared.messaging.local import LocalPublisher, LocalSource
from shared.messaging.relay import Publisher, Relay
from shared.messaging.subscription import Record
from tests.kit import Cluster

ROOT = Path(__file__).resolve().parents[2]
TOPIC = PendampingRegistered.topic
SEALED = IdentitySealed.topic
TELLER, READER = "teller", "reader"
DAY = date(2026, 5, 4)


class StageTable(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class Pendamping(StageTable):
    """The reader's replica."""

    __tablename__ = "pendamping"
    __table_args__ = ({"schema": "replica_pendamping"},)
    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_no: Mapped[str]
    status: Mapped[str]
    told: Mapped[int] = mapped_column(sa.BigInteger)


HEARD = """
CREATE TABLE heard (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subscription text NOT NULL, key text NOT NULL,
    epoch int NOT NULL, seq bigint NOT NULL, wire text NOT NULL, reason text NOT NULL,
    CONSTRAINT ck_heard_reason CHECK (reason <> 'poison')
)
"""
REPLICA = """
CREATE TABLE replica_pendamping.pendamping (
    pendamping_id uuid CONSTRAINT pk_pendamping PRIMARY KEY, pendamping_no text NOT NULL,
    status text NOT NULL CONSTRAINT ck_pendamping_status CHECK (status <> ''), told bigint NOT NULL
)
"""


def registered(key: UUID, number: object = 1) -> PendampingRegistered:
    return PendampingRegistered(
        pendamping_id=key,
        pendamping_no=str(number),
        subject=SubjectKind.PERSON,
        status=PendampingStatus.AKTIF,
        from_on=DAY,
    )


def changed(key: UUID, reason: object = "") -> PendampingStatusChanged:
    return PendampingStatusChanged(
        pendamping_id=key,
        pendamping_no="1",
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason=str(reason),
        from_on=DAY,
    )


def sealed(key: UUID) -> IdentitySealed:
    return IdentitySealed(recipient="reader", for_id=uuid7(), kpm_id=key, key_id="k1", ciphertext="c2VhbGVk")


def keys(count: int) -> list[UUID]:
    return [UUID(str(uuid7())) for _ in range(count)]


def hearer(
    name: str = "heard", *, starts: Any = "beginning", topics: Sequence[str] = (TOPIC,)
) -> Subscription:
    """A reaction that writes down each event it hears, as often as it hears it."""
    made = Subscription(name, "reaction", list(topics), starts=starts)

    async def write_down(session: AsyncSession, event: Any, meta: Meta) -> None:
        await (await raw(session)).execute(
            "INSERT INTO heard (subscription, key, epoch, seq, wire, reason) VALUES ($1, $2, $3, $4, $5, $6)",
            name,
            meta.key,
            meta.epoch,
            meta.seq,
            meta.wire,
            getattr(event, "reason", ""),
        )

    if TOPIC in topics:
        made.on(PendampingRegistered, PendampingStatusChanged)(write_down)
    if SEALED in topics:
        made.on(IdentitySealed)(write_down)
    return made


def replica() -> Subscription:
    """A replica kept by batch; the fact itself says which position it is of, so that two copies can be compared."""
    made = Subscription("pendamping", "replica", [TOPIC])

    @made.on_batch(PendampingRegistered, PendampingStatusChanged)
    async def keep(session: AsyncSession, facts: list[Received[Any]]) -> None:
        rows = [
            {
                "pendamping_id": fact.event.pendamping_id,
                "pendamping_no": fact.event.pendamping_no,
                "status": fact.event.status,
                "told": fact.meta.seq,
            }
            for fact in facts
        ]
        await upsert(session, Pendamping, rows, key=["pendamping_id"])

    return made


class Road(Protocol):
    """How events travel on this stage."""

    name: str

    def orders(self) -> dict[str, str]:
        """What another process needs to know to take the same road."""
        ...

    def publisher(self) -> Publisher: ...
    def source(
        self, stage: "Stage", subscription: Subscription, stored: Stored, name: str = ""
    ) -> Source: ...
    async def log_of(self, stage: "Stage", topic: str = TOPIC) -> list[Record]:
        """Everything that the topic holds, each partition in order."""
        ...

    async def append(self, stage: "Stage", topic: str, key: str, value: bytes) -> None:
        """Put bytes into the topic past the relay."""
        ...

    async def recreate(self, stage: "Stage", topic: str = TOPIC) -> None:
        """Lose the topic and make it anew, empty."""
        ...


class LocalRoad:
    """The one-machine transport."""

    name = "local"

    def orders(self) -> dict[str, str]:
        return {}

    def publisher(self) -> Publisher:
        return LocalPublisher()

    def source(self, stage: "Stage", subscription: Subscription, stored: Stored, name: str = "") -> Source:
        del name
        topics = dict.fromkeys(subscription.topics, stage.teller)
        return LocalSource(topics, subscription.topics, stored=stored)

    async def log_of(self, stage: "Stage", topic: str = TOPIC) -> list[Record]:
        rows = await stage.told(
            'SELECT l.partition, l."offset", o.key, o.body FROM platform.local_log l JOIN platform.outbox o'
            ' USING (recorded_at, outbox_id) WHERE l.topic = $1 ORDER BY l.partition, l."offset"',
            topic,
        )
        return [
            Record(topic, row["partition"], row["offset"], row["key"], (row["body"] or "").encode())
            for row in rows
        ]

    async def append(self, stage: "Stage", topic: str, key: str, value: bytes) -> None:
        await stage.told(
            "WITH o AS (INSERT INTO platform.outbox (recorded_at, event_id, shard, topic, key, epoch, seq, wire, body)"
            " VALUES (clock_timestamp(), gen_random_uuid(), 0, $1, $2, 1, 1, 'test', $3) RETURNING *)"
            ' INSERT INTO platform.local_log SELECT $1, 0, coalesce((SELECT max("offset") + 1 FROM platform.local_log'
            " WHERE topic = $1 AND partition = 0), 0), outbox_id, recorded_at FROM o",
            topic,
            key,
            value.decode("latin-1"),
        )

    async def recreate(self, stage: "Stage", topic: str = TOPIC) -> None:
        await stage.told("DELETE FROM platform.local_log WHERE topic = $1", topic)


@dataclass(slots=True)
class Stage:
    """Two databases with the platform's tables alone, and the road between them."""

    cluster: Cluster
    road: Road
    teller: Database
    reader: Database
    urls: dict[str, str]
    tasks: list["asyncio.Task[None]"] = field(default_factory=list["asyncio.Task[None]"])
    stops: list[asyncio.Event] = field(default_factory=list[asyncio.Event])
    children: list[Child] = field(default_factory=list[Child])

    async def tell(self, *events: Event) -> None:
        """Emit these in one transaction of the teller."""
        async with self.teller.transaction(Actor.system(TELLER)) as session:
            for event in events:
                emit(session, event)

    async def told(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Ask the teller's database as its owner's superior."""
        return await _ask(self.urls["teller_super"], statement, values)

    async def read(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Ask the reader's database as its owner's superior."""
        return await _ask(self.urls["reader_super"], statement, values)

    async def relay(self) -> int:
        """Send all that is unsent, once; return how many."""
        runner = Relay(self.teller.url, TELLER, self.road.publisher())
        connection = await runner.connect()
        try:
            await runner.take_share(connection)
            total = 0
            while sent := await runner.step(connection):
                total += sent
        finally:
            await connection.close()
            await runner.publisher.close()
        return total

    async def say(self, *events: Event) -> None:
        """Emit and send."""
        await self.tell(*events)
        await self.relay()

    def consumer(self, subscription: Subscription) -> Consumer:
        return Consumer(
            self.reader, subscription, lambda stored: self.road.source(self, subscription, stored)
        )

    def start(self, running: Callable[[asyncio.Event], Awaitable[None]]) -> asyncio.Event:
        """Run something until the event that is returned is set, or the stage is left."""
        stop = asyncio.Event()
        self.stops.append(stop)
        self.tasks.append(asyncio.ensure_future(running(stop)))  # type: ignore[arg-type]
        return stop

    def start_consumer(self, subscription: Subscription) -> asyncio.Event:
        return self.start(self.consumer(subscription).run)

    def start_relay(self) -> asyncio.Event:
        return self.start(Relay(self.teller.url, TELLER, self.road.publisher()).run)

    async def end(self, stop: asyncio.Event) -> None:
        """Stop one thing that was started, and wait for it."""
        task = self.tasks[self.stops.index(stop)]
        stop.set()
        await asyncio.wait_for(task, 20)

    async def listen(
        self, subscription: Subscription, until: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Read all that the road holds for a subscription, or until something is true; then leave."""
        stop = self.start_consumer(subscription)
        await eventually(until or (lambda: self.caught_up(subscription)))
        await self.end(stop)

    async def caught_up(self, subscription: Subscription) -> bool:
        """Whether the subscription's stored offsets are at the ends of its topics."""
        ends: dict[tuple[str, int], int] = {}
        for topic in subscription.topics:
            for record in await self.road.log_of(self, topic):
                ends[topic, record.partition] = record.offset + 1
        places = await stored_places(self.reader, subscription.name)
        return all(places.offsets.get(at, 0) >= end for at, end in ends.items())

    async def heard(self, subscription: str = "heard") -> list[tuple[str, int]]:
        """What a hearer wrote down, in the order of its writing."""
        rows = await self.read(
            "SELECT key, seq FROM heard WHERE subscription = $1 ORDER BY number", subscription
        )
        return [(row["key"], row["seq"]) for row in rows]

    async def parked(self, subscription: str = "heard") -> list[asyncpg.Record]:
        return await self.read(
            "SELECT * FROM platform.parked WHERE subscription = $1 ORDER BY parked_id", subscription
        )

    async def cursor(self, key: object, subscription: str = "heard") -> tuple[int, int, str]:
        rows = await self.read(
            "SELECT epoch, seq, state FROM platform.cursor WHERE subscription = $1 AND key = $2",
            subscription,
            str(key),
        )
        return tuple(rows[0]) if rows else (0, 0, "")  # type: ignore[return-value]

    async def hash_of_replica(self) -> str:
        """An order-independent hash of the replica's rows."""
        rows = await self.read(
            "SELECT md5(coalesce(string_agg(md5(p::text), '' ORDER BY md5(p::text)), '')) AS hash"
            " FROM replica_pendamping.pendamping p"
        )
        return str(rows[0]["hash"])

    async def records(self, topic: str = TOPIC) -> list[Record]:
        return await self.road.log_of(self, topic)

    async def receive(self, subscription: Subscription, records: Sequence[Record]) -> int:
        """Apply records as if a poll had brought them."""
        return await receive(self.reader, subscription, records)

    def act(self, part: str, fault: str = "", **more: object) -> Child:
        """Run a relay or a consumer of this stage in a process of its own."""
        orders = {"part": part, "road": self.road.name, "urls": self.urls, **self.road.orders(), **more}
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PILAR_FAULTPOINT": fault}
        child = Child(
            [sys.executable, "-m", "tests.messaging.actor", json.dumps(orders)],
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


_offsets = itertools.count(1_000_000)


def record_of(
    key: object,
    seq: int,
    *,
    event_id: UUID | None = None,
    epoch: int = 1,
    event: Event | None = None,
    wire: str = "",
    topic: str = TOPIC,
    partition: int = 0,
    offset: int | None = None,
) -> Record:
    """A record as it could have come, at a place of its own."""
    fact = event or changed(UUID(str(key)), seq)
    envelope = {
        "id": str(event_id or uuid7()),
        "type": wire or fact.wire,
        "subject": str(key),
        "time": "2026-05-04T00:00:00Z",
        "epoch": epoch,
        "seq": seq,
        "data": fact.model_dump(mode="json"),
    }
    return Record(
        topic, partition, next(_offsets) if offset is None else offset, str(key), orjson.dumps(envelope)
    )


async def eventually(true: Callable[[], Awaitable[bool]], seconds: float = 25, every: float = 0.05) -> None:
    """Wait for a condition, with a bound."""
    deadline = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(every)


async def _ask(url: str, statement: str, values: Sequence[Any]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def _build(cluster: Cluster, service: str) -> None:
    """Make the template of one side, once a test process."""
    if service in cluster.templates:
        return
    passwords = cluster.postgres.passwords(service)
    await asyncio.to_thread(create_service_database, cluster.postgres.superuser_dsn, service, passwords)
    owner = await asyncpg.connect(
        cluster.postgres.dsn(f"pilar_{service}", f"{service}_owner", passwords["owner"])
    )
    statements: list[str] = []
    schema.platform_v1(statements.append, service)
    schema.replica_schema(statements.append, service, "pendamping")
    for statement in [*statements, REPLICA, HEARD]:
        await owner.execute(statement)
    await owner.close()
    cluster.templates.add(service)


def _urls(cluster: Cluster, service: str, name: str) -> dict[str, str]:
    passwords = cluster.postgres.passwords(service)
    urls = {
        f"{service}_{role}": cluster.postgres.dsn(name, f"{service}_{role}", passwords[role])
        for role in ("owner", "api", "worker")
    }
    return urls | {f"{service}_super": cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{name}"}


# Everything but what a migration wrote; a clone costs a second, this a few hundredths.
WIPE = """
TRUNCATE platform.stream, platform.unsent, platform.local_log, platform.cursor, platform.parked,
    platform.consumer_offset, platform.job, platform.job_row_error, platform.due, replica_pendamping.pendamping, heard;
DELETE FROM platform.outbox;
UPDATE platform.epoch SET value = 1
"""
_clones: dict[tuple[int, str], str] = {}


async def _database_for(cluster: Cluster, service: str) -> str:
    """Return the name of this test process's database of one side, wiped; a new one when that cannot be done."""
    await _build(cluster, service)
    at = (cluster.postgres.port, service)
    if at in _clones:
        connection = await asyncpg.connect(_urls(cluster, service, _clones[at])[f"{service}_super"])
        try:
            await connection.execute("SET lock_timeout = '5s';" + WIPE)
        except asyncpg.PostgresError:
            await cluster.drop(_clones.pop(at))
        finally:
            await connection.close()
    if at not in _clones:
        _clones[at] = await cluster.clone(service)
        await cluster.execute(f'ALTER DATABASE "{_clones[at]}" OWNER TO {service}_owner')
    return _clones[at]


@asynccontextmanager
async def staged(cluster: Cluster, road: Road) -> Any:
    """A stage with empty databases."""
    names = [await _database_for(cluster, service) for service in (TELLER, READER)]
    urls = _urls(cluster, TELLER, names[0]) | _urls(cluster, READER, names[1])
    stage = Stage(
        cluster,
        road,
        Database(urls["teller_worker"], service=TELLER, pool_size=16),
        Database(urls["reader_worker"], service=READER, pool_size=8, statement_timeout_ms=1_000),
        urls,
    )
    try:
        yield stage
    finally:
        await stage.leave()
