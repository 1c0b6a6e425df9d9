"""A replica made anew from position 1 beside the live one, and swapped in when it has caught up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from shared.database import Database
from shared.errors import DomainError
from shared.messaging.consumer import Consumer, Source, Stored, stored_places
from shared.messaging.handling import is_transient
from shared.messaging.subscription import Subscription

log = structlog.get_logger()
CLOSE_ENOUGH = 100
"""How far behind the copy may be when it is swapped in: under load nobody ever stands at the very end."""
SWAP_TRIES = 20
LOCK_WITHIN = "2s"
FILL_TRIES = 20

# LIKE copies no names of indexes, no row security and no policies; a swap must change the rows and nothing else.
CONSTRAINTS = """
SELECT c.relname AS "table", k.conname AS name, pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.connamespace = $1::regnamespace AND k.contype IN ('p', 'u', 'x', 'f') ORDER BY k.contype = 'f', c.relname
"""
INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = $1::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""
SECURED = """
SELECT relname AS "table", relrowsecurity AS enabled, relforcerowsecurity AS forced FROM pg_class
WHERE relnamespace = $1::regnamespace AND relkind = 'r'
"""
POLICIES = """
SELECT tablename AS "table", policyname AS name, permissive, roles, cmd, qual, with_check FROM pg_policies
WHERE schemaname = $1
"""


class TableNotReplica(DomainError):
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
            TableNotReplica
        """
        if self.subscription.kind != "replica":
            raise TableNotReplica(name=self.subscription.name)

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
        await self._swap_when_free()
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
                f'CREATE TABLE {self.copy}."{table}" (LIKE {self.live}."{table}" INCLUDING ALL EXCLUDING INDEXES)'
            )
        await self._copy_keys(connection)
        await self._copy_security(connection)
        for table in ("cursor", "parked", "consumer_offset"):
            await connection.execute(f"DELETE FROM platform.{table} WHERE subscription = $1", self.name)  # noqa: S608

    async def _copy_keys(self, connection: Any) -> None:
        for row in await connection.fetch(CONSTRAINTS, self.live):
            definition = row["definition"].replace(f"{self.live}.", f"{self.copy}.")
            await connection.execute(
                f'ALTER TABLE {self.copy}."{row["table"]}" ADD CONSTRAINT "{row["name"]}" {definition}'
            )
        for row in await connection.fetch(INDEXES, self.live):
            await connection.execute(row["definition"].replace(f" ON {self.live}.", f" ON {self.copy}."))

    async def _copy_security(self, connection: Any) -> None:
        for row in await connection.fetch(SECURED, self.live):
            table = f'{self.copy}."{row["table"]}"'
            if row["enabled"]:
                await connection.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            if row["forced"]:
                await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for row in await connection.fetch(POLICIES, self.live):
            # A policy may look at another table of its own replica, which is the copy's own there too.
            using = f" USING ({self._in_copy(row['qual'])})" if row["qual"] else ""
            check = f" WITH CHECK ({self._in_copy(row['with_check'])})" if row["with_check"] else ""
            roles = ", ".join(role if role == "public" else f'"{role}"' for role in row["roles"])
            await connection.execute(
                f'CREATE POLICY "{row["name"]}" ON {self.copy}."{row["table"]}" AS {row["permissive"]}'
                f" FOR {row['cmd']} TO {roles}{using}{check}"
            )

    def _in_copy(self, condition: str) -> str:
        return condition.replace(f"{self.live}.", f"{self.copy}.")

    async def _fill(self) -> int:
        """Read until the copy is as good as the live one; a fault of the moment costs a new start, not the rebuild."""
        read, tries = 0, 0
        while True:
            places = await stored_places(self.worker, self.name)
            source = self.make_source(places)
            consumer = Consumer(
                self.worker,
                self.subscription,
                self.make_source,
                name=self.name,
                translate={self.live: self.copy},
            )
            try:
                await source.start(places.offsets)
                async for count in _turns(consumer, source, places):
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

    async def _swap_when_free(self) -> None:
        """A reader of the table may hold it for a while: ask again rather than make everybody wait behind us."""
        for left in reversed(range(SWAP_TRIES)):
            try:
                await self._as_owner(self._swap)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                if not left:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def _swap(self, connection: Any) -> None:
        """Wait for the live reader's transaction, then exchange schemas, cursors and offsets in one.

        Locked in the reader's own order, cursors before tables. The generation rises, so that a reader in the middle
        of a batch finds its places moved and begins again.
        """
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WITHIN}'")
        await connection.execute(
            "LOCK TABLE platform.cursor, platform.parked, platform.consumer_offset IN SHARE ROW EXCLUSIVE MODE"
        )
        names = ", ".join(f'{self.live}."{table}"' for table in await self._tables(connection, self.live))
        if names:
            await connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
            # Without CASCADE: what somebody else built on these tables is no business of a rebuild.
            await connection.execute(f"DROP TABLE {names}")
        await connection.execute(
            f"DROP SCHEMA {self.live} CASCADE; ALTER SCHEMA {self.copy} RENAME TO {self.live}"
        )
        await self._exchange_places(connection)

    async def _exchange_places(self, connection: Any) -> None:
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


async def _turns(consumer: Consumer, source: Source, places: Stored) -> AsyncIterator[int]:
    """Apply, until a turn after which hardly anything is left to read."""
    while True:
        yield await consumer.turn(source, places, 0.3)
        lag = await source.lag()
        if lag is not None and lag <= CLOSE_ENOUGH:
            break
    yield await consumer.turn(source, places, 0.3)
