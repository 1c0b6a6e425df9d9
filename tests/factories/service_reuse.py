"""Services lent from test to test: their process's part stays, what a test wrote into their database goes.

A clone of a database, an application and its connections cost half a second of work, emptying what was touched a few
hundredths. What changed more than rows (a constraint, a policy, statistics, a month of the outbox) is not lent again.
"""

from __future__ import annotations

import asyncio
import importlib
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import event

from shared.database import Database
from shared.settings import Settings
from shared.worker import worker_database

if TYPE_CHECKING:
    from tests.factories.cluster import Cluster

# Whatever DDL, ANALYZE or a grant does leaves a newer or a missing row in one of these.
CATALOGS = (
    *("pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_inherits", "pg_namespace", "pg_policy"),
    *("pg_proc", "pg_default_acl", "pg_rewrite", "pg_sequence", "pg_statistic", "pg_trigger", "pg_type"),
)
# TRUNCATE writes into pg_class too, so of it only what TRUNCATE leaves alone.
LEFT_ALONE = "oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, reloptions"
SHAPE = " UNION ALL ".join(
    [
        *(
            f"SELECT concat_ws(' ', count(*), max(xmin::text::bigint)) AS part FROM {name}"
            for name in CATALOGS
        ),
        f"SELECT md5(string_agg(concat_ws(' ', {LEFT_ALONE}), ',' ORDER BY oid)) FROM pg_class WHERE oid >= 16384",
        "SELECT concat_ws(' ', datdba, datacl) FROM pg_database WHERE datname = current_database()",
        "SELECT count(*)::text FROM pg_db_role_setting",
    ]
)
TABLES = """
SELECT c.oid::regclass::text AS name, n.nspname AS schema, c.relname AS "table", pg_table_size(c.oid) AS size
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_relation_size(c.oid) > 0
"""
# Truncation makes new files of a table and of all its indexes, and every session forgets what it knew of them: dearer
# than deleting a test's few rows, until what was deleted fills pages that everybody has to read.
FEW_PAGES = 32 * 8192
REFERENCES = """
SELECT confrelid::regclass::text AS parent, conrelid::regclass::text AS child FROM pg_constraint WHERE contype = 'f'
"""
NUMBERS = "SELECT seqrelid::regclass::text AS name, pg_sequence_last_value(seqrelid) AS last, seqstart AS first FROM pg_sequence"
STRANGERS = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL ($1)
"""
ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1)"
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


@dataclass(slots=True)
class Slate:
    """One database as its migrations left it, and how to bring it back there."""

    keeper: asyncpg.Connection[Any]
    shape: list[str]
    numbers: dict[str, int | None]
    children: dict[str, set[str]]
    rows: dict[str, tuple[str, str, bytes]] = field(default_factory=dict[str, tuple[str, str, bytes]])
    digests: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    async def of(cls, url: str) -> Slate:
        """Look at a database that nobody has used yet; `url` is a superuser's."""
        keeper = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
        children: dict[str, set[str]] = defaultdict(set)
        for row in await keeper.fetch(REFERENCES):
            children[row["parent"]].add(row["child"])
        numbers = {row["name"]: row["last"] for row in await keeper.fetch(NUMBERS)}
        made = cls(keeper, await _shape(keeper), numbers, children)
        for row in await keeper.fetch(TABLES):
            made.rows[row["name"]] = (row["schema"], row["table"], await _copy(keeper, row))
        made.digests = await made._digests()
        return made

    async def wiped(self, databases: Sequence[Database], pools: Sequence[set[int]], asking: set[int]) -> bool:
        """Whether the database is again as it was and the pools of `databases` are whole.

        Sessions are ended but for those and the ones of `asking`.
        """
        try:
            return await self._wipe(databases, pools, asking)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False  # the test ended the session, or something holds a lock: this one is done

    async def _wipe(self, databases: Sequence[Database], pools: Sequence[set[int]], asking: set[int]) -> bool:
        keeper = self.keeper
        await keeper.fetch(STRANGERS, [*set().union(asking, *pools), keeper.get_server_pid()])
        for database, pids in zip(databases, pools, strict=True):
            alive = await keeper.fetchval(ALIVE, list(pids))
            if alive != database.engine.sync_engine.pool.checkedin():  # type: ignore[attr-defined]
                return False
        if await keeper.fetchval(HELD) or await _shape(keeper) != self.shape:
            return False
        digests = await self._digests()
        tables = {row["name"]: row["size"] for row in await keeper.fetch(TABLES)}
        touched = tables.keys() - self.rows.keys()
        touched |= {name for name, digest in self.digests.items() if digests[name] != digest}
        await self._empty(touched, {name for name in touched if tables.get(name, 0) > FEW_PAGES})
        return True

    async def _empty(self, tables: set[str], large: set[str]) -> None:
        truncated = self._with_children(large)
        statements = [f"DELETE FROM {name}" for name in sorted(tables - truncated)]
        if truncated:
            statements.append(f"TRUNCATE {', '.join(sorted(truncated))}")
        async with self.keeper.transaction():
            if statements:
                await self.keeper.execute("; ".join(["SET LOCAL lock_timeout = '5s'", *statements]))
            for name in (tables | truncated) & self.rows.keys():
                schema, table, rows = self.rows[name]
                await self.keeper.copy_to_table(
                    table, schema_name=schema, source=_chunks(rows), format="binary"
                )
            for row in await self.keeper.fetch(NUMBERS):
                last = self.numbers[row["name"]]
                if row["last"] != last:
                    at = (row["name"], last or row["first"], last is not None)
                    await self.keeper.execute("SELECT setval($1::text::regclass, $2, $3)", *at)

    def _with_children(self, tables: set[str]) -> set[str]:
        """TRUNCATE takes a table only together with those that refer to it, were they empty."""
        found, waiting = set[str](), list(tables)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.children[name]
        return found

    async def _digests(self) -> dict[str, str]:
        """A hash of each table that a migration wrote into."""
        one = "SELECT '{0}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM {0} t"
        rows = await self.keeper.fetch(" UNION ALL ".join(one.format(name) for name in self.rows))
        return {row["name"]: row["digest"] for row in rows}


async def _shape(keeper: asyncpg.Connection[Any]) -> list[str]:
    return [row["part"] for row in await keeper.fetch(SHAPE)]


async def _copy(keeper: asyncpg.Connection[Any], table: asyncpg.Record) -> bytes:
    parts: list[bytes] = []

    async def take(part: bytes) -> None:
        parts.append(part)

    await keeper.copy_from_table(table["table"], schema_name=table["schema"], output=take, format="binary")
    return b"".join(parts)


async def _chunks(rows: bytes) -> Any:
    yield rows


async def pids_of(database: Database) -> set[int]:
    """The sessions of a database's pool, those that are there and those to come."""
    pids: set[int] = set()

    @event.listens_for(database.engine.sync_engine, "connect")
    def note(connection: Any, _: Any) -> None:
        pids.add(connection.driver_connection.get_server_pid())

    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        pids.add(driver.get_server_pid())
    return pids


async def quiet(database: Database) -> bool:
    """End what a test left running and what it knew of the clock; whether every connection is back in the pool."""
    database._clock_offset = None
    if database._waker is not None:
        database._waker.cancel()
        await asyncio.wait({database._waker})
        database._waker = None
    return database.engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@dataclass(slots=True)
class Standing:
    """The part of a service that may outlast a test: its application and its worker's connections."""

    settings: Settings
    database_name: str
    app: Any
    worker: Database
    began: AsyncExitStack
    pools: list[set[int]]
    slate: Slate | None = None
    asks: asyncpg.Connection[Any] | None = None

    @classmethod
    async def begin(cls, cluster: Cluster, service: str, more: dict[str, Any], *, lent: bool) -> Standing:
        """Begin on a fresh database."""
        database_name = await asyncio.to_thread(asyncio.run, cluster.clone(service))
        slate = await Slate.of(cluster.address(database_name)) if lent else None
        settings = cluster.settings(service, database_name, **more)
        app = importlib.import_module(f"services.{service}.app").build(settings)
        worker = worker_database(settings, pool_size=5)
        began = AsyncExitStack()
        began.push_async_callback(cluster.drop, database_name)
        began.push_async_callback(worker.close)
        await began.enter_async_context(app.router.lifespan_context(app))
        pools = [await pids_of(one) for one in (app.state.database, worker)] if lent else []
        return cls(settings, database_name, app, worker, began, pools, slate)

    async def wiped(self) -> bool:
        """Whether the next test may have it."""
        if self.slate is None:
            return False
        self.app.state.draining = False
        databases = (self.app.state.database, self.worker)
        return all([await quiet(one) for one in databases]) and await self.slate.wiped(
            databases, self.pools, await self._asking()
        )

    async def _asking(self) -> set[int]:
        """The session of a test's own questions, with nothing left in it of what was asked; if it still stands."""
        asks, self.asks = self.asks, None
        if asks is None or asks.is_closed():
            return set()
        try:
            await asks.reset(timeout=5)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            asks.terminate()
            return set()
        self.asks = asks
        return {asks.get_server_pid()}

    async def leave(self) -> None:
        """End it and drop its database."""
        if self.asks is not None:
            await self.asks.close()
        if self.slate is not None:
            await self.slate.keeper.close()
        await self.began.aclose()
