"""What the api role may neither read, change nor switch off in the four databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tests.factories.cluster import Cluster
from tests.factories.services import open_scope

SERVICES = ("registry", "caseload", "graduation", "referral")
# Columns that name a family, a person or an area, or hold their data.
NAMING = (
    *("kpm_id", "anggota_id", "usaha_id", "kepesertaan_id", "dampingan_id", "graduasi_id", "rujukan_id"),
    *("rujukan_program_id", "task_id", "sanggah_id", "subject_id", "for_id", "thing_id", "pendamping_id"),
    *(
        "penugasan_id",
        "kode_wilayah",
        "areas",
        "key",
        "body",
        "payload",
        "params",
        "sealed",
        "content_sealed",
    ),
)
PLACEMENTS = "who serves where is known to every office, and no row is of a family"
CATALOGUE = "published to all officials, and no row is of a family"
POSITIONS = "positions of events: the id of a family, and nothing about it"
# Tables that the api role reads without row security.
EXCEPTIONS = {
    "platform.audit_entry": "its look-ups check the scope; a policy would keep their search by subject from its index",
    "platform.audit_entry_default": "a partition of the audit trail",
    "platform.upload_part": "found by the id of an upload, and sealed",
    "platform.file_use": "found by the hash of a file, which whoever reads it knows already; only in referral it names a family, and has a policy",
    "platform.cursor": POSITIONS,
    "platform.stream": POSITIONS,
    "platform.parked": POSITIONS,
    "platform.idempotency": "found by client, path and key; the answer is sealed",
    "platform.file_chunk": "found by the hash of the content, which is sealed",
    "platform.job": "shown to its author and to operators",
    "platform.job_row_error": "shown with its job",
    "platform.scheduled_task": "ids of what is due, which no route shows",
    "replica_pendamping.pendamping": PLACEMENTS,
    "replica_pendamping.pendamping_status": PLACEMENTS,
    "replica_pendamping.penugasan": PLACEMENTS,
    "replica_pendamping.wilayah_tugas": PLACEMENTS,
    "public.dampingan_load": PLACEMENTS,
    "public.office": CATALOGUE,
    "public.partner": CATALOGUE,
    "public.program_quota": CATALOGUE,
}
READABLE = """
SELECT n.nspname || '.' || c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND (n.nspname IN ('public', 'platform') OR n.nspname LIKE 'replica_%')
    AND a.attnum > 0 AND NOT a.attisdropped AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    AND has_column_privilege($1, c.oid, a.attnum, 'SELECT') AND a.attname = ANY ($2)
GROUP BY 1
"""
SECURED = """
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relrowsecurity AND (n.nspname IN ('public', 'platform') OR n.nspname LIKE 'replica_%') ORDER BY 1
"""
# Each is refused for lack of rights.
OF_TABLE = (
    "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {table} ADD COLUMN planted int",
    "CREATE POLICY all_of_it ON {table} USING (true)",
    "CREATE INDEX planted ON {table} ((true))",
    "DROP TABLE {table}",
    "TRUNCATE {table}",
)
OF_DATABASE = (
    "CREATE TABLE planted (n int)",
    "CREATE TABLE platform.planted (n int)",
    "CREATE VIEW planted AS SELECT 1",
    "CREATE SCHEMA planted",
    "CREATE FUNCTION planted() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER FUNCTION platform.in_scope(text) RENAME TO planted",
    "CREATE OR REPLACE FUNCTION platform.by_area() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE EXTENSION dblink",
    "CREATE ROLE planted",
    "ALTER ROLE {service}_api BYPASSRLS",
    "ALTER ROLE {service}_owner PASSWORD 'x'",
    "GRANT {service}_owner TO {service}_api",
    "SET ROLE {service}_owner",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION {service}_owner",
    "SET session_replication_role = replica",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
)
WITHOUT_BODY = (
    "SELECT body FROM platform.outbox",
    "SELECT key FROM platform.outbox",
    "SELECT * FROM platform.outbox_default",
    "SELECT body FROM platform.parked",
    "SELECT * FROM platform.local_log",
    "UPDATE platform.outbox SET body = ''",
    "DELETE FROM platform.parked",
    "UPDATE platform.cursor SET seq = 0",
)


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migrated database of a service."""

    name: str
    cluster: Cluster
    database_name: str

    def address(self, role: str) -> str:
        return getattr(self.cluster.settings(self.name, self.database_name), role)

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.cluster.address(self.database_name))
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()


@pytest.fixture(scope="module", params=SERVICES)
async def migrated(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[Migrated]:
    name = await cluster.clone(request.param)
    yield Migrated(request.param, cluster, name)
    await cluster.drop(name)


async def read_unsecured(migrated: Migrated) -> set[str]:
    rows = await migrated.fetch(READABLE, f"{migrated.name}_api", list(NAMING))
    return {row["name"] for row in rows}


async def test_every_table_that_names_a_family_has_row_security(migrated: Migrated) -> None:
    assert await read_unsecured(migrated) - EXCEPTIONS.keys() == set()


async def test_every_exception_is_needed(cluster: Cluster) -> None:
    unsecured = set[str]()
    for service in SERVICES:
        name = await cluster.clone(service)
        unsecured |= await read_unsecured(Migrated(service, cluster, name))
        await cluster.drop(name)
    assert EXCEPTIONS.keys() - unsecured == set()


async def test_a_new_table_of_families_is_noticed(cluster: Cluster) -> None:
    name = await cluster.clone("caseload")
    planted = Migrated("caseload", cluster, name)
    owner = await asyncpg.connect(cluster.address(name))
    try:
        await owner.execute("CREATE TABLE planted (kpm_id uuid); GRANT SELECT ON planted TO caseload_api")
        assert "public.planted" in await read_unsecured(planted)
        await owner.execute("ALTER TABLE planted ENABLE ROW LEVEL SECURITY")
        assert "public.planted" in await read_unsecured(planted)  # The owner would still see all rows.
        await owner.execute("ALTER TABLE planted FORCE ROW LEVEL SECURITY")
        assert "public.planted" not in await read_unsecured(planted)
    finally:
        await owner.close()
        await cluster.drop(name)


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
async def test_neither_role_changes_a_table_or_becomes_another(migrated: Migrated, role: str) -> None:
    tables = [row["name"] for row in await migrated.fetch(SECURED)]
    assert len(tables) > 15
    statements = [text.format(table=table) for table in tables for text in OF_TABLE]
    statements += [text.format(service=migrated.name) for text in OF_DATABASE]
    await expect_refused(migrated, role, statements)


async def test_the_api_role_reads_no_event(migrated: Migrated) -> None:
    await expect_refused(migrated, "database_url", list(WITHOUT_BODY))


async def expect_refused(migrated: Migrated, role: str, statements: list[str]) -> None:
    connection = await asyncpg.connect(migrated.address(role))
    accepted = []
    try:
        for statement in statements:
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            accepted.append(statement)
    finally:
        await connection.close()
    assert accepted == []


async def test_row_security_cannot_be_switched_off(migrated: Migrated) -> None:
    connection = await asyncpg.connect(migrated.address("database_url"))
    try:
        await connection.execute("SET row_security = off")
        for row in await migrated.fetch(SECURED):
            async with connection.transaction():
                await open_scope(connection, areas="*", scope="NATIONAL")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT FROM {row['name']} LIMIT 1")
    finally:
        await connection.close()
