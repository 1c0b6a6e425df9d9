"""The rows of a service's database: recorded, restored, and replaced by others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from shared.database import Database

# DDL, ANALYZE and grants each change rows in one of these catalogs.
CATALOGS = (
    *("pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_inherits", "pg_namespace", "pg_policy"),
    *("pg_proc", "pg_default_acl", "pg_rewrite", "pg_sequence", "pg_trigger", "pg_type"),
)
# The intake analyzes its own table, in which no other test has rows.
STATISTICS = "pg_statistic WHERE starelid IS DISTINCT FROM to_regclass('staged_row')"
# TRUNCATE also changes pg_class, so only the columns that it does not change.
STABLE_COLUMNS = "oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, reloptions"
SHAPE = " UNION ALL ".join(
    [
        *(
            f"SELECT concat_ws(' ', count(*), max(xmin::text::bigint)) AS part FROM {name}"
            for name in (*CATALOGS, STATISTICS)
        ),
        f"SELECT md5(string_agg(concat_ws(' ', {STABLE_COLUMNS}), ',' ORDER BY oid)) FROM pg_class WHERE oid >= 16384",
        "SELECT concat_ws(' ', datdba, datacl) FROM pg_database WHERE datname = current_database()",
        "SELECT count(*)::text FROM pg_db_role_setting",
    ]
)
TABLES = """
SELECT c.oid::regclass::text AS name, n.nspname AS schema, c.relname AS "table", pg_table_size(c.oid) AS size
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_relation_size(c.oid) > 0
"""
# TRUNCATE creates new files of a table and its indexes and invalidates every session's cache. That costs more than
# deleting a test's few rows, until dead rows fill so many pages that reading them costs more.
FEW_PAGES = 32 * 8192
REFERENCES = """
SELECT confrelid::regclass::text AS parent, conrelid::regclass::text AS child FROM pg_constraint WHERE contype = 'f'
"""
NUMBERS = "SELECT seqrelid::regclass::text AS name, pg_sequence_last_value(seqrelid) AS last, seqstart AS first FROM pg_sequence"
END_OTHER_SESSIONS = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL ($1)
"""
# The binary copy of a table without rows.
EMPTY = b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff"
ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1)"
NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


@dataclass(frozen=True, slots=True)
class Content:
    """The rows of the tables that differ from the migrations', and the sequences."""

    rows: dict[str, tuple[str, str, bytes]]
    numbers: dict[str, int | None]


@dataclass(slots=True)
class DatabaseState:
    """The state of a database after its migrations, and how to restore it."""

    connection: asyncpg.Connection[Any]
    shape: list[str]
    numbers: dict[str, int | None]
    children: dict[str, set[str]]
    rows: dict[str, tuple[str, str, bytes]] = field(default_factory=dict[str, tuple[str, str, bytes]])
    digests: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    async def read(cls, url: str) -> DatabaseState:
        """Record the state of an unused database. `url` is a superuser's."""
        connection = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
        children: dict[str, set[str]] = defaultdict(set)
        for row in await connection.fetch(REFERENCES):
            children[row["parent"]].add(row["child"])
        numbers = {row["name"]: row["last"] for row in await connection.fetch(NUMBERS)}
        state = cls(connection, await _read_shape(connection), numbers, children)
        for row in await connection.fetch(TABLES):
            state.rows[row["name"]] = (row["schema"], row["table"], await _copy_table(connection, row))
        state.digests = await state._read_digests()
        return state

    async def restore(
        self, databases: Sequence[Database], pools: Sequence[set[int]], kept_pids: set[int]
    ) -> bool:
        """Restore the database and return whether it can be reused.

        All sessions are ended, except those in `pools` and `asking`.
        """
        try:
            return await self._restore(databases, pools, kept_pids)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False  # the test ended the session, or a session holds a lock

    async def _restore(
        self, databases: Sequence[Database], pools: Sequence[set[int]], kept_pids: set[int]
    ) -> bool:
        connection = self.connection
        await connection.fetch(
            END_OTHER_SESSIONS, [*set().union(kept_pids, *pools), connection.get_server_pid()]
        )
        for database, pids in zip(databases, pools, strict=True):
            alive = await connection.fetchval(ALIVE, list(pids))
            if alive != database.engine.sync_engine.pool.checkedin():  # type: ignore[attr-defined]
                return False
        if await connection.fetchval(HELD) or await _read_shape(connection) != self.shape:
            return False
        digests = await self._read_digests()
        tables = {row["name"]: row["size"] for row in await connection.fetch(TABLES)}
        touched = tables.keys() - self.rows.keys()
        touched |= {name for name, digest in self.digests.items() if digests[name] != digest}
        await self._delete_rows(touched, {name for name in touched if tables.get(name, 0) > FEW_PAGES})
        return True

    async def _delete_rows(self, tables: set[str], large: set[str]) -> None:
        truncated = self._add_children(large)
        statements = [f"DELETE FROM {name}" for name in sorted(tables - truncated)]
        if truncated:
            statements.append(f"TRUNCATE {', '.join(sorted(truncated))}")
        async with self.connection.transaction():
            if statements:
                await self.connection.execute("; ".join(["SET LOCAL lock_timeout = '5s'", *statements]))
            for name in (tables | truncated) & self.rows.keys():
                schema, table, rows = self.rows[name]
                await self.connection.copy_to_table(
                    table, schema_name=schema, source=_yield_rows(rows), format="binary"
                )
            await self._set_numbers(self.numbers)

    async def _set_numbers(self, numbers: dict[str, int | None]) -> None:
        for row in await self.connection.fetch(NUMBERS):
            last = numbers[row["name"]]
            if row["last"] != last:
                at = (row["name"], last or row["first"], last is not None)
                await self.connection.execute("SELECT setval($1::text::regclass, $2, $3)", *at)

    async def read_next_transaction(self) -> int:
        """Return the number of the next transaction that writes, in any database of the cluster."""
        return await self.connection.fetchval(NEXT_TRANSACTION)

    async def read_content(self) -> Content | None:
        """Return the present rows, or None if more than rows changed."""
        if await _read_shape(self.connection) != self.shape:
            return None
        rows = {
            row["name"]: (row["schema"], row["table"], await _copy_table(self.connection, row))
            for row in await self.connection.fetch(TABLES)
        }
        changed = {
            name: stored
            for name, stored in rows.items()
            if stored != self.rows.get(name, (*stored[:2], EMPTY))
        }
        numbers = {row["name"]: row["last"] for row in await self.connection.fetch(NUMBERS)}
        return Content(changed, numbers)

    async def copy(self, content: Content, present: Content | None) -> None:
        """Replace the present rows, by default those of the migrations, by `content`."""
        earlier = present.rows if present else {}
        tables = {name for name in content.rows if content.rows[name] != earlier.get(name)}
        cleared = (tables & (earlier.keys() | self.rows.keys())) | (earlier.keys() - content.rows.keys())
        async with self.connection.transaction():
            if cleared:
                await self.connection.execute("; ".join(f"DELETE FROM {name}" for name in sorted(cleared)))
            for name in tables | ((earlier.keys() - content.rows.keys()) & self.rows.keys()):
                schema, table, rows = content.rows.get(name) or self.rows[name]
                await self.connection.copy_to_table(
                    table, schema_name=schema, source=_yield_rows(rows), format="binary"
                )
            await self._set_numbers(content.numbers)

    def _add_children(self, tables: set[str]) -> set[str]:
        """Return the tables and all that refer to them, which TRUNCATE requires."""
        with_children, waiting = set[str](), list(tables)
        while waiting:
            name = waiting.pop()
            if name not in with_children:
                with_children.add(name)
                waiting += self.children[name]
        return with_children

    async def _read_digests(self) -> dict[str, str]:
        """Return a hash of each table that a migration wrote into."""
        one = "SELECT '{0}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM {0} t"
        rows = await self.connection.fetch(" UNION ALL ".join(one.format(name) for name in self.rows))
        return {row["name"]: row["digest"] for row in rows}


async def _read_shape(connection: asyncpg.Connection[Any]) -> list[str]:
    return [row["part"] for row in await connection.fetch(SHAPE)]


async def _copy_table(connection: asyncpg.Connection[Any], table: asyncpg.Record) -> bytes:
    parts: list[bytes] = []

    async def store_part(part: bytes) -> None:
        parts.append(part)

    await connection.copy_from_table(
        table["table"], schema_name=table["schema"], output=store_part, format="binary"
    )
    return b"".join(parts)


async def _yield_rows(rows: bytes) -> Any:
    yield rows
