"""Row security shows a request only rows of its areas, whatever a query omits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tests.factories.cluster import Cluster
from tests.factories.services import Running, open_scope, run_service
from tests.factories.walks import WALKS

# One process walks each service once, for all of these.
pytestmark = pytest.mark.xdist_group("walked")
SERVICES = ("caseload", "graduation", "referral")
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
OPEN = {
    "referral: office": "the office that partners are told to call is published",
    "referral: partner": "partners and where they work are known to all officials",
    "referral: program_quota": "places of a province or of the country (*) are shared by all areas below: whoever offers"
    " a program anywhere sees and takes them; no row is of a family",
}
# Replicas that hold no name: candidates and matches are found in them by indexes of areas, which row security, asked row
# by row, would pass by; each query names the area or the holder itself.
SEARCHED = {
    "caseload": set[str](),
    "graduation": {
        *("replica_rujukan.rujukan", "replica_rujukan.rujukan_program"),
        *("replica_kpm.candidate", "replica_kpm.dampingan", "replica_kpm.kpm", "replica_kpm.kpm_history"),
        *("replica_kpm.kepesertaan", "replica_kpm.kepesertaan_history"),
        *("replica_kpm.usaha", "replica_kpm.usaha_history"),
    },
    "referral": {"replica_kpm.dampingan", "replica_kpm.kpm", "replica_kpm.usaha"},
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
COPY_KPM = f"""
INSERT INTO replica_kpm.kpm SELECT (jsonb_populate_record(k, jsonb_build_object('kpm_id', md5(k.kpm_id::text)::uuid,
    'kode_wilayah', '{AWAY}'))).* FROM replica_kpm.kpm k
"""
OVERDUE = """
INSERT INTO platform.overdue (overdue_id, subject_kind, subject_id, state, kode_wilayah, since_on, due_on, owner, level, noted_on)
VALUES (uuidv7(), 'walk', '1', 'OPEN', '33.24.09.2011', '2026-01-01', '2026-01-15', 'PENDAMPING', 0, '2026-01-16')
"""
# A flag of the family's evidence, where the walk makes none.
FLAG = """
INSERT INTO platform.evidence_flag (reason, kind, subject_id, kpm_id, kode_wilayah, used_by, used_by_sub, flagged_at)
SELECT 'ENTERED_TOGETHER', kind, subject_id, kpm_id, kode_wilayah, used_by, used_by_sub, used_at
FROM platform.evidence_use WHERE kpm_id IS NOT NULL LIMIT 1
"""
# What one thing and all its parts are moved by, so that two areas have rows.
MOVED = {
    "caseload": ("kpm", "kpm_id"),
    "graduation": ("graduasi", "graduasi_id"),
}
# What two families of referral have in common: these ids stay when a family is written a second time.
SHARED = {"partner_id", "program_id", "quota_id", "sla_term_id"}
# What a row without an area of its own hangs on: its column, the table with the area, that table's key.
PARENTS = {
    "caseload": (("hand_over_id", "hand_over", "hand_over_id"), ("kpm_id", "kpm", "kpm_id")),
    "graduation": (("kpm_id", "graduasi", "kpm_id"),),
    "referral": (
        ("after_rujukan_program_id", "rujukan_program", "rujukan_program_id"),
        ("rujukan_program_id", "rujukan_program", "rujukan_program_id"),
        ("for_id", "rujukan_program", "rujukan_program_id"),
        ("rujukan_id", "rujukan", "rujukan_id"),
        ("kpm_id", "rujukan", "kpm_id"),
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
        await service.execute(OVERDUE)
        if request.param == "referral":
            await service.execute(FLAG)
        rows = await service.sql(OUT_OF_SCOPE)
        service_tables = Secured(service, {row["name"]: row["columns"] for row in rows})
        await (copy_rows(service_tables) if request.param == "referral" else move_family(service_tables))
        yield service_tables


async def copy_rows(secured_service: Secured) -> None:
    """Copy all rows of referral's family for another family in another area."""
    script = ["SET session_replication_role = replica"]
    for table, columns in secured_service.tables.items():
        ids = await secured_service.service.sql(UUID_COLUMNS, table)
        other = {row["name"]: f"md5(t.{row['name']}::text)::uuid" for row in ids if row["name"] not in SHARED}
        other |= {"kode_wilayah": f"'{AWAY}'", "number": "t.number + 1000"}
        other |= {"use_id": "t.use_id + 1000", "earlier_use_id": "t.earlier_use_id + 1000"}
        other |= {"sha256": "md5(t.sha256) || md5('')", "subject_id": "md5(t.subject_id::text)::uuid"}
        pairs = ", ".join(f"'{name}', {value}" for name, value in other.items() if name in columns)
        script.append(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t)"
            f" || jsonb_build_object({pairs}))).* FROM {table} t"
        )
    await secured_service.service.execute(";".join([*script, COPY_KPM]))


async def move_family(secured_service: Secured) -> None:
    (table, key), sql = MOVED[secured_service.service.name], secured_service.service.sql
    chosen = (await sql(f"SELECT {key} AS id FROM {table} ORDER BY {key} DESC LIMIT 1"))[0]["id"]
    for name, columns in secured_service.tables.items():
        if "kode_wilayah" in columns and key in columns:
            opened = f", opened_in = '{AWAY}'" if "opened_in" in columns else ""
            await secured_service.service.sql(
                f"UPDATE {name} SET kode_wilayah = '{AWAY}'{opened} WHERE {key} = $1", chosen
            )
    if secured_service.service.name == "graduation":
        moved = f"(SELECT kpm_id FROM graduasi WHERE graduasi_id = '{chosen}')"
        for name in ("platform.evidence_use", "platform.evidence_flag"):
            await sql(f"UPDATE {name} SET kode_wilayah = '{AWAY}' WHERE kpm_id = {moved}")


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
        for table in secured_service.tables:
            row = await secured_service.service.sql(
                f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE {secured_service.build_condition(table, HERE)} LIMIT 1"
            )
            reasons.append(await read_sqlstate(connection, table, row[0]["row"], HERE))
    assert reasons.count("23505") >= len(reasons) - 2, dict(zip(secured_service.tables, reasons, strict=True))


async def test_the_worker_role_bypasses_row_security(secured_service: Secured) -> None:
    url = secured_service.service.settings.worker_database_url
    async with connect_as(secured_service, url) as connection:
        for table in secured_service.tables:
            expected = await secured_service.count(table)
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == expected


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
async def test_neither_role_changes_tables(secured_service: Secured, role: str) -> None:
    table = next(iter(secured_service.tables))
    async with connect_as(secured_service, getattr(secured_service.service.settings, role)) as connection:
        for statement in (
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"DROP TABLE {table}",
            f"TRUNCATE {table}",
            f"CREATE POLICY all_of_it ON {table} USING (true)",
            f"CREATE INDEX planted ON {table} ((true))",
            "CREATE TABLE planted (n int)",
            "CREATE TABLE platform.planted (n int)",
            "CREATE SCHEMA planted",
            "CREATE FUNCTION planted() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER FUNCTION platform.in_scope(text) RENAME TO planted",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_every_table_about_a_family_has_it_or_is_searched_by_area_over_the_country(
    secured_service: Secured,
) -> None:
    rows = await secured_service.service.sql(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attname = 'kpm_id' AND c.relkind IN ('r', 'p')"
        " AND (n.nspname = 'public' OR n.nspname LIKE 'replica_%') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert {row["name"] for row in rows} == SEARCHED[secured_service.service.name]


async def test_every_table_with_an_area_has_it_or_a_reason(secured_service: Secured) -> None:
    rows = await secured_service.service.sql(
        "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE a.attname = 'kode_wilayah' AND c.relkind IN ('r', 'p')"
        " AND n.nspname = 'public' AND NOT c.relrowsecurity"
    )
    without = {f"{secured_service.service.name}: {row['relname']}" for row in rows}
    assert without == {name for name in OPEN if name.startswith(secured_service.service.name)}
