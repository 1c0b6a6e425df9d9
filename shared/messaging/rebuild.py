"""A replica made anew from position 1 beside the live one, and swapped in when it has caught up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from shared.database import Database
from shared.errors import DomainError
from shared.messaging.consumer import Consumer, Source, Stored, stored_places
from shared.messaging.subscription import Subscription

log = structlog.get_logger()
QUIET_POLLS = 2


class NotAReplica(DomainError):
    """409: a reaction has effects, and is never run again from the beginning."""

    en = "{name} is a reaction: only replicas are rebuilt."
    id = "{name} adalah reaksi: hanya replika yang dibangun ulang."


@dataclass(slots=True)
class Rebuild:
    """One rebuild. Needs the owner role for the copy and the swap; the filling runs as the worker."""

    owner_url: str
    service: str
    worker: Database
    subscription: Subscription
    make_source: Callable[[Stored], Source]

    def __post_init__(self) -> None:
        """Refuse what must not be rebuilt.

        Raises:
            NotAReplica
        """
        if self.subscription.kind != "replica":
            raise NotAReplica(name=self.subscription.name)

    @property
    def name(self) -> str:
        """Under which the copy keeps its cursors and offsets, and its Kafka group."""
        return f"{self.subscription.name}@rebuild"

    @property
    def live(self) -> str:
        """The live schema."""
        return self.subscription.schema

    @property
    def copy(self) -> str:
        """The schema that is filled."""
        return f"{self.subscription.schema}_next"

    async def run(self) -> int:
        """Copy, fill, swap; return how many records were read."""
        await self._as_owner(self._make_copy)
        read = await self._fill()
        await self._as_owner(self._swap)
        log.info("replica_rebuilt", service=self.service, subscription=self.subscription.name, records=read)
        return read

    async def _as_owner(self, act: Any) -> None:
        connection = await asyncpg.connect(self.owner_url, timeout=5)
        try:
            async with connection.transaction():
                await act(connection)
        finally:
            await connection.close()

    async def _tables(self, connection: Any, schema: str) -> list[str]:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename", schema
        )
        return [row["tablename"] for row in rows]

    async def _make_copy(self, connection: Any) -> None:
        await connection.execute(f"DROP SCHEMA IF EXISTS {self.copy} CASCADE; CREATE SCHEMA {self.copy}")
        for role, rights in (("api", "SELECT"), ("worker", "SELECT, INSERT, UPDATE, DELETE")):
            await connection.execute(f"GRANT USAGE ON SCHEMA {self.copy} TO {self.service}_{role}")
            await connection.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA {self.copy} GRANT {rights} ON TABLES TO {self.service}_{role}"
            )
        for table in await self._tables(connection, self.live):
            await connection.execute(
                f'CREATE TABLE {self.copy}."{table}" (LIKE {self.live}."{table}" INCLUDING ALL)'
            )
        for table in ("cursor", "parked", "consumer_offset"):
            await connection.execute(f"DELETE FROM platform.{table} WHERE subscription = $1", self.name)  # noqa: S608

    async def _fill(self) -> int:
        places = await stored_places(self.worker, self.name)
        source = self.make_source(places)
        consumer = Consumer(
            self.worker, self.subscription, self.make_source, name=self.name, translate={self.live: self.copy}
        )
        await source.start(places.offsets)
        read = quiet = 0
        try:
            while quiet < QUIET_POLLS:
                count = await consumer.turn(source, places, 0.3)
                read += count
                quiet = quiet + 1 if not count and not await source.lag() else 0
        finally:
            await source.close()
        return read

    async def _swap(self, connection: Any) -> None:
        """Wait for the live reader's transaction, then exchange schemas, cursors and offsets in one.

        The generation rises, so that a reader in the middle of a batch finds its places moved and begins again.
        """
        tables = await self._tables(connection, self.live)
        if tables:
            names = ", ".join(f'{self.live}."{table}"' for table in tables)
            await connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        await connection.execute(
            f"ALTER SCHEMA {self.live} RENAME TO {self.live}_old; ALTER SCHEMA {self.copy} RENAME TO {self.live};"
            f" DROP SCHEMA {self.live}_old CASCADE"
        )
        generation = await connection.fetchval(
            "SELECT coalesce(max(generation), 0) + 1 FROM platform.consumer_offset WHERE subscription = $1",
            self.subscription.name,
        )
        for table in ("cursor", "parked", "consumer_offset"):
            await connection.execute(
                f"DELETE FROM platform.{table} WHERE subscription = $1",  # noqa: S608
                self.subscription.name,
            )
            await connection.execute(
                f"UPDATE platform.{table} SET subscription = $1 WHERE subscription = $2",  # noqa: S608
                self.subscription.name,
                self.name,
            )
        await connection.execute(
            "UPDATE platform.consumer_offset SET generation = $2 WHERE subscription = $1",
            self.subscription.name,
            generation,
        )
