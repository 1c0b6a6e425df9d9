"""Rebuild a replica beside the live one, and swap it in when complete."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from shared.database import Database
from shared.errors import DomainError
from shared.messaging.consumer import Consumer, Source, StoredOffsets, read_stored_offsets
from shared.messaging.dispatch import is_transient
from shared.messaging.subscription import Subscription
from shared.remedies import nothing

log = structlog.get_logger()
MAX_LAG_AT_SWAP = 100
"""The most unread records at the swap. Under load a reader never reaches the very end of a topic."""
SWAP_TRIES = 20
LOCK_TIMEOUT = "2s"
FILL_TRIES = 20

# CREATE TABLE LIKE copies no index names, row security or policies, but a swap must change nothing but the rows.
CONSTRAINTS = """
SELECT c.relname AS "table", k.conname AS name, pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.connamespace = $1::regnamespace AND k.contype IN ('p', 'u', 'x', 'f') ORDER BY k.contype = 'f', c.relname
"""
INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = $1::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""
TABLE_SECURITY = """
SELECT relname AS "table", relrowsecurity AS enabled, relforcerowsecurity AS forced FROM pg_class
WHERE relnamespace = $1::regnamespace AND relkind = 'r'
"""
POLICIES = """
SELECT tablename AS "table", policyname AS name, permissive, roles, cmd, qual, with_check FROM pg_policies
WHERE schemaname = $1
"""


class TableNotReplica(DomainError):
    """409: a reaction has effects, so its events are never applied again."""

    en = "{name} is a reaction: only replicas are rebuilt."
    id = "{name} adalah reaksi: hanya replika yang dibangun ulang."
    remedy = nothing(
        "The effects of a reaction cannot be repeated.", "Akibat suatu reaksi tidak dapat diulang."
    )


@dataclass(slots=True)
class Rebuild:
    """One rebuild. The owner role copies and swaps the schema, the worker role fills it."""

    owner_url: str
    service: str
    worker: Database
    subscription: Subscription
    make_source: Callable[[StoredOffsets], Source]

    def __post_init__(self) -> None:
        """Check that the subscription is a replica.

        Raises:
            TableNotReplica
        """
        if self.subscription.kind != "replica":
            raise TableNotReplica(name=self.subscription.name)

    @property
    def name(self) -> str:
        """The subscription name of the copy's cursors and offsets."""
        return f"{self.subscription.name}@rebuild"

    @property
    def live_schema(self) -> str:
        return self.subscription.schema

    @property
    def copy_schema(self) -> str:
        return f"{self.subscription.schema}_next"

    async def run(self) -> int:
        """Create the copy, fill it, swap it in, and return how many records were read."""
        await self._as_owner(self._make_copy)
        read = await self._fill()
        await self._swap_with_retries()
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
        await connection.execute(
            f"DROP SCHEMA IF EXISTS {self.copy_schema} CASCADE; CREATE SCHEMA {self.copy_schema}"
        )
        for role, rights in (("api", "SELECT"), ("worker", "SELECT, INSERT, UPDATE, DELETE")):
            await connection.execute(f"GRANT USAGE ON SCHEMA {self.copy_schema} TO {self.service}_{role}")
            await connection.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA {self.copy_schema} GRANT {rights} ON TABLES TO {self.service}_{role}"
            )
        for table in await self._tables(connection, self.live_schema):
            await connection.execute(
                f'CREATE TABLE {self.copy_schema}."{table}" (LIKE {self.live_schema}."{table}" INCLUDING ALL EXCLUDING INDEXES)'
            )
        await self._copy_keys(connection)
        await self._copy_security(connection)
        for table in ("cursor", "parked", "consumer_offset"):
            await connection.execute(f"DELETE FROM platform.{table} WHERE subscription = $1", self.name)  # noqa: S608

    async def _copy_keys(self, connection: Any) -> None:
        for row in await connection.fetch(CONSTRAINTS, self.live_schema):
            definition = row["definition"].replace(f"{self.live_schema}.", f"{self.copy_schema}.")
            await connection.execute(
                f'ALTER TABLE {self.copy_schema}."{row["table"]}" ADD CONSTRAINT "{row["name"]}" {definition}'
            )
        for row in await connection.fetch(INDEXES, self.live_schema):
            await connection.execute(
                row["definition"].replace(f" ON {self.live_schema}.", f" ON {self.copy_schema}.")
            )

    async def _copy_security(self, connection: Any) -> None:
        for row in await connection.fetch(TABLE_SECURITY, self.live_schema):
            table = f'{self.copy_schema}."{row["table"]}"'
            if row["enabled"]:
                await connection.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            if row["forced"]:
                await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for row in await connection.fetch(POLICIES, self.live_schema):
            # A policy may read another table of its replica. In the copy it must read the copy of that table.
            using = f" USING ({self._in_copy(row['qual'])})" if row["qual"] else ""
            check = f" WITH CHECK ({self._in_copy(row['with_check'])})" if row["with_check"] else ""
            roles = ", ".join(role if role == "public" else f'"{role}"' for role in row["roles"])
            await connection.execute(
                f'CREATE POLICY "{row["name"]}" ON {self.copy_schema}."{row["table"]}" AS {row["permissive"]}'
                f" FOR {row['cmd']} TO {roles}{using}{check}"
            )

    def _in_copy(self, condition: str) -> str:
        return condition.replace(f"{self.live_schema}.", f"{self.copy_schema}.")

    async def _fill(self) -> int:
        """Read until the copy has caught up.

        After a transient error it continues from the stored offsets.
        """
        read, tries = 0, 0
        while True:
            stored = await read_stored_offsets(self.worker, self.name)
            source = self.make_source(stored)
            consumer = Consumer(
                self.worker,
                self.subscription,
                self.make_source,
                name=self.name,
                translate={self.live_schema: self.copy_schema},
            )
            try:
                await source.start(stored.offsets)
                async for count in _fill_until_caught_up(consumer, source, stored):
                    read += count
                return read  # noqa: TRY300 (what follows is for faults)
            except Exception as error:
                tries += 1
                if not is_transient(error) or tries > FILL_TRIES:
                    raise
                log.warning("rebuild_interrupted", subscription=self.name, error=type(error).__name__)
                await asyncio.sleep(0.2 * tries)
            finally:
                await source.close()

    async def _swap_with_retries(self) -> None:
        # With a short lock timeout, because every reader of the tables queues behind a waiting ACCESS EXCLUSIVE lock.
        for tries_left in reversed(range(SWAP_TRIES)):
            try:
                await self._as_owner(self._swap)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                if not tries_left:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def _swap(self, connection: Any) -> None:
        """Exchange schemas, cursors and offsets in one transaction.

        Locks are taken in the order of a consumer: offsets, cursors, tables. The new generation makes a consumer in the
        middle of a batch raise PositionMoved and read again.
        """
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.execute(
            "LOCK TABLE platform.consumer_offset, platform.cursor, platform.parked IN EXCLUSIVE MODE"
        )
        names = ", ".join(
            f'{self.live_schema}."{table}"' for table in await self._tables(connection, self.live_schema)
        )
        if names:
            await connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
            # Without CASCADE, so that objects of somebody else on these tables stop the rebuild.
            await connection.execute(f"DROP TABLE {names}")
        await connection.execute(
            f"DROP SCHEMA {self.live_schema} CASCADE; ALTER SCHEMA {self.copy_schema} RENAME TO {self.live_schema}"
        )
        await self._exchange_cursors(connection)

    async def _exchange_cursors(self, connection: Any) -> None:
        live, copy = self.subscription.name, self.name
        generation = await connection.fetchval(
            "SELECT coalesce(max(generation), 0) + 1 FROM platform.consumer_offset WHERE subscription = $1",
            live,
        )
        for table in ("cursor", "parked", "consumer_offset"):
            await connection.execute(f"DELETE FROM platform.{table} WHERE subscription = $1", live)  # noqa: S608
            await connection.execute(
                f"UPDATE platform.{table} SET subscription = $1 WHERE subscription = $2",  # noqa: S608
                live,
                copy,
            )
        await connection.execute(
            "UPDATE platform.consumer_offset SET generation = $2 WHERE subscription = $1", live, generation
        )


async def _fill_until_caught_up(
    consumer: Consumer, source: Source, stored: StoredOffsets
) -> AsyncIterator[int]:
    """Poll and apply until the lag is small, yielding the count of each poll."""
    while True:
        yield await consumer.poll_once(source, stored, 0.3)
        lag = await source.lag()
        if lag is not None and lag <= MAX_LAG_AT_SWAP:
            break
    yield await consumer.poll_once(source, stored, 0.3)
