"""Row security shows a request only rows of its areas, whatever a query omits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tests.factories.cluster import Cluster
from tests.factories.registry.secured_rows import SEED
from tests.factories.services import Running, open_scope, run_service
from tests.factories.walks import WALKS

# One process walks each service once, for all of these.
pytestmark = pytest.mark.xdist_group("walked")
SERVICES = ("registry", "caseload", "graduation", "referral")
HERE, AWAY = "33.24", "33.25.01.2001"
# A scope, and whether families show in it; the claim's own check lets no such half code in.
SCOPES = {
    "*": True,
    "33": True,
    "33.24": True,
    "33.24.09": True,
    "": False,
    "3": False,
    "33.2": False,
    "33.24.0": False,
    "35.03": False,
    "33.24.09.201": False,
}
OUT_OF_SCOPE = """
SELECT CASE schemaname WHEN 'public' THEN format('%I', tablename) ELSE format('%I.%I', schemaname, tablename) END AS name,
    array_agg(c.column_name::text) AS columns
FROM pg_policies p JOIN information_schema.columns c ON c.table_schema = p.schemaname AND c.table_name = p.tablename
-- Its rows follow those of supplies, which the tests of referral read as officials and as partners.
WHERE tablename <> 'file_use'
GROUP BY 1 ORDER BY 1
"""
UUID_COLUMNS = """
SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::text::regclass AND atttypid = 'uuid'::regtype"""
OVERDUE = """
INSERT INTO platform.overdue (overdue_id, subject_kind, subject_id, state, kode_wilayah, since_on, due_on, owner, level, noted_on)
VALUES (uuidv7(), 'walk', '1', 'OPEN', '33.24.09.2011', '2026-01-01', '2026-01-15', 'PENDAMPING', 0, '2026-01-16');
"""
# A flag of the family's evidence, where the walk makes none.
FLAG = """
INSERT INTO platform.evidence_flag (reason, kind, subject_id, kpm_id, kode_wilayah, used_by, used_by_sub, flagged_at)
SELECT 'ENTERED_TOGETHER', kind, subject_id, kpm_id, kode_wilayah, used_by, used_by_sub, used_at
FROM platform.evidence_use WHERE kpm_id IS NOT NULL LIMIT 1
"""
# Rows of tables that a walk leaves empty.
FLAG_OF_A_PENDAMPING = """;
INSERT INTO platform.evidence_flag (reason, kind, subject_id, kode_wilayah, used_by, used_by_sub, flagged_at)
SELECT 'ENTERED_TOGETHER', 'SURAT', pendamping_id, kode_wilayah, 'walk', 'walk', now() FROM wilayah_tugas
"""
MORE_ROWS = {
    "registry": SEED + FLAG_OF_A_PENDAMPING,
    "referral": FLAG,
    "graduation": """
INSERT INTO replica_rujukan.rujukan (rujukan_id, graduasi_id, kpm_id, kode_wilayah)
    SELECT graduasi_id, graduasi_id, kpm_id, kode_wilayah FROM graduasi;
INSERT INTO replica_rujukan.rujukan_program (rujukan_program_id, graduasi_id, kpm_id, kode_wilayah, program_code, status)
    SELECT graduasi_id, graduasi_id, kpm_id, kode_wilayah, 'KUR', 'DRAF' FROM graduasi;
""",
}
# The table whose last row names the family that is moved, so that two areas have rows.
MOVED = {"caseload": "kpm", "graduation": "graduasi"}
# What two families have in common: these ids stay when the rows of a family are written a second time.
SHARED = {"partner_id", "program_id", "quota_id", "sla_term_id"}
# Unique values of a second copy.
COPIED = {
    "use_id": "t.use_id + 1000",
    "earlier_use_id": "t.earlier_use_id + 1000",
    "kode_wilayah": f"'{AWAY}'",
    "number": "t.number + 1000",
    "sha256": "md5(t.sha256) || md5('')",
    "subject_id": "md5(t.subject_id::text)::uuid",
    "pendamping_no": "t.pendamping_no || '2'",
    "nik_index": "sha256(t.nik_index)",
}
RANGES = """(SELECT wilayah_tugas_id AS id, kode_wilayah FROM wilayah_tugas
    UNION SELECT penugasan_id, kode_wilayah FROM wilayah_tugas)"""
# What a row without an area of its own hangs on: its column, the table with the area, that table's key.
PARENTS = {
    "registry": (
        ("pendamping_id", "wilayah_tugas", "pendamping_id"),
        ("penugasan_id", "wilayah_tugas", "penugasan_id"),
        (
            "thing_id",
            RANGES,
            "id",
        ),
        ("graduasi_id", "replica_graduasi.graduasi", "graduasi_id"),
    ),
    "caseload": (("hand_over_id", "hand_over", "hand_over_id"), ("kpm_id", "kpm", "kpm_id")),
    "graduation": (("kpm_id", "replica_kpm.kpm", "kpm_id"),),
    "referral": (
        ("after_rujukan_program_id", "rujukan_program", "rujukan_program_id"),
        ("rujukan_program_id", "rujukan_program", "rujukan_program_id"),
        ("for_id", "rujukan_program", "rujukan_program_id"),
        ("rujukan_id", "rujukan", "rujukan_id"),
        ("kpm_id", "replica_kpm.kpm", "kpm_id"),
    ),
}


@dataclass(frozen=True, slots=True)
class Secured:
    """A service with rows in two areas, and its tables with row security."""

    service: Running
    tables: dict[str, list[str]]

    def build_condition(self, table: str, area: str) -> str:
        """The rows of an area, found without the policies."""
        inside = f"kode_wilayah = '{area}' OR kode_wilayah LIKE '{area}.%'"
        if self.service.name == "graduation" and table == "platform.evidence_use":
            inside += f" OR kind = 'SK' AND subject_id IN (SELECT sk_id FROM penetapan WHERE {inside})"
        if self.service.name == "registry" and table.startswith("platform.evidence"):
            inside += f" OR subject_id IN (SELECT pendamping_id FROM wilayah_tugas WHERE {inside})"
        columns = self.tables[table]
        if "kode_wilayah" in columns:
            return inside
        for column, parent, key in PARENTS[self.service.name]:
            if column in columns:
                return f"{column} IN (SELECT {key} FROM {parent} WHERE {inside})"
        raise AssertionError(table)

    async def count(self, table: str, where: str = "true") -> int:
        return int((await self.service.sql(f"SELECT count(*) AS n FROM {table} WHERE {where}"))[0]["n"])


@pytest.fixture(scope="module", params=SERVICES)
async def secured_service(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[Secured]:
    """A walked service, one of whose families lives in another area."""
    async with run_service(cluster, request.param) as service:
        await WALKS[request.param](service, cluster)
        await service.execute(OVERDUE + MORE_ROWS.get(service.name, ""))
        rows = await service.sql(OUT_OF_SCOPE)
        service_tables = Secured(service, {row["name"]: row["columns"] for row in rows})
        await (move_family(service_tables) if request.param in MOVED else copy_rows(service_tables))
        yield service_tables


async def copy_rows(secured_service: Secured) -> None:
    """Copy all rows for another family or pendamping in another area."""
    script = ["SET session_replication_role = replica"]
    for table, columns in secured_service.tables.items():
        ids = await secured_service.service.sql(UUID_COLUMNS, table)
        other = {row["name"]: f"md5(t.{row['name']}::text)::uuid" for row in ids if row["name"] not in SHARED}
        other |= COPIED
        pairs = ", ".join(f"'{name}', {value}" for name, value in other.items() if name in columns)
        script.append(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t)"
            f" || jsonb_build_object({pairs}))).* FROM {table} t"
        )
    await secured_service.service.execute(";".join(script))


async def move_family(secured_service: Secured) -> None:
    table, sql = MOVED[secured_service.service.name], secured_service.service.sql
    chosen = (await sql(f"SELECT kpm_id FROM {table} ORDER BY kpm_id DESC LIMIT 1"))[0]["kpm_id"]
    cases = "graduasi_id IN (SELECT graduasi_id FROM graduasi WHERE kpm_id = $1)"
    for name, columns in secured_service.tables.items():
        moved = "kpm_id = $1" if "kpm_id" in columns else cases if "graduasi_id" in columns else None
        if "kode_wilayah" in columns and moved:
            opened = f", opened_in = '{AWAY}'" if "opened_in" in columns else ""
            await sql(f"UPDATE {name} SET kode_wilayah = '{AWAY}'{opened} WHERE {moved}", chosen)


async def test_another_area_sees_its_own(secured_service: Secured) -> None:
    async with (
        connect_as(secured_service, secured_service.service.settings.database_url) as connection,
        open_area(connection, AWAY),
    ):
        for table in secured_service.tables:
            expected = await secured_service.count(table, secured_service.build_condition(table, AWAY))
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == expected, table
            assert expected or secured_service.service.name != "referral", table


@asynccontextmanager
async def connect_as(secured_service: Secured, url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def open_area(connection: Any, area: str) -> AsyncIterator[None]:
    """A transaction as a request has it."""
    transaction = connection.transaction()
    await transaction.start()
    await open_scope(connection, areas=area)
    try:
        yield
    finally:
        await transaction.rollback()


async def test_every_secured_table_has_rows_here(secured_service: Secured) -> None:
    empty = [
        table
        for table in secured_service.tables
        if not await secured_service.count(table, secured_service.build_condition(table, HERE))
    ]
    assert empty == []


async def test_is_forced_on_the_owner_too(secured_service: Secured) -> None:
    rows = await secured_service.service.sql(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relrowsecurity"
        " AND NOT relforcerowsecurity"
    )
    assert [row["relname"] for row in rows] == []


async def test_a_reused_connection_without_scope_sees_nothing(secured_service: Secured) -> None:
    async with connect_as(secured_service, secured_service.service.settings.database_url) as connection:
        for table in secured_service.tables:
            async with open_area(connection, HERE):
                assert await connection.fetchval(f"SELECT count(*) FROM {table}"), table
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.parametrize("area", SCOPES)
async def test_an_area_sees_only_its_own_rows(secured_service: Secured, area: str) -> None:
    async with (
        connect_as(secured_service, secured_service.service.settings.database_url) as connection,
        open_area(connection, area),
    ):
        for table in secured_service.tables:
            expected = await secured_service.count(
                table, "true" if area == "*" else secured_service.build_condition(table, area or "-")
            )
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == expected, table
            assert bool(expected) == SCOPES[area], table


async def test_nothing_is_inserted_without_scope_or_for_another_area(secured_service: Secured) -> None:
    async with connect_as(secured_service, secured_service.service.settings.database_url) as connection:
        for table in secured_service.tables:
            row = await secured_service.service.sql(
                f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE {secured_service.build_condition(table, HERE)} LIMIT 1"
            )
            for area in ("", "33.2", "33.25", "33.24.0"):
                assert await read_sqlstate(connection, table, row[0]["row"], area) == "42501", (table, area)
            assert await read_sqlstate(connection, table, row[0]["row"], HERE) in {"23505", "42501"}, table


async def read_sqlstate(connection: Any, table: str, row: str, area: str) -> str:
    """Return the SQLSTATE that refuses a copy of a row."""
    statement = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::{table}, $1::text::jsonb)).*"
    async with open_area(connection, area):
        try:
            await connection.execute(statement, row)
        except asyncpg.PostgresError as error:
            return str(error.sqlstate)
    return "inserted"


async def test_rows_of_the_own_area_may_be_written_in_most_tables(secured_service: Secured) -> None:
    """A copy of an own row fails for being a duplicate, not for its scope."""
    async with connect_as(secured_service, secured_service.service.settings.database_url) as connection:
        reasons: list[str] = []
        tables = [table for table in secured_service.tables if not table.startswith("replica_")]
        for table in tables:
            row = await secured_service.service.sql(
                f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE {secured_service.build_condition(table, HERE)} LIMIT 1"
            )
            reasons.append(await read_sqlstate(connection, table, row[0]["row"], HERE))
    assert reasons.count("23505") >= len(reasons) - 2, dict(zip(tables, reasons, strict=True))


async def test_the_worker_role_bypasses_row_security(secured_service: Secured) -> None:
    url = secured_service.service.settings.worker_database_url
    async with connect_as(secured_service, url) as connection:
        for table in secured_service.tables:
            expected = await secured_service.count(table)
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == expected
