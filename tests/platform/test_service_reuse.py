"""What a test has written does not reach the next test of the same database."""

from datetime import UTC, datetime

import asyncpg
import pytest

from tests.factories.cluster import Cluster
from tests.factories.journeys.four_services import read_digests
from tests.factories.services import run_service

NUMBERS = "SELECT seqrelid::regclass::text AS name, pg_sequence_last_value(seqrelid) AS last FROM pg_sequence"

MUCH = """
INSERT INTO platform.cursor (subscription, topic, key) SELECT 'planted', 'planted', n::text FROM generate_series(1, $1) n
"""


@pytest.mark.parametrize("rows", [1, 5_000], ids=["little", "much"])
async def test_a_reused_database_is_as_after_its_migrations(cluster: Cluster, rows: int) -> None:
    async with run_service(cluster, "graduation") as first:
        fresh, numbers = await read_digests(first), await first.sql(NUMBERS)
        path = await first.sql("SHOW search_path")
        await first.set_clock(datetime(2026, 1, 1, tzinfo=UTC))
        await first.put_file(b"a scan", as_=first.token("KEMENSOS"))
        await first.sql("SELECT nextval('platform.outbox_number')")
        await first.sql("DELETE FROM tahap_calendar WHERE year = 2026")
        await first.sql("UPDATE instrument SET threshold_percent = threshold_percent + 1")
        await first.sql(MUCH, rows)
        await first.sql("SELECT set_config('search_path', 'nowhere', false), pg_advisory_lock(1)")
        assert await read_digests(first) != fresh
        left = await asyncpg.connect(cluster.address(first.database_name))
        await left.execute("BEGIN; LOCK TABLE instrument")
    async with run_service(cluster, "graduation") as second:
        assert second.database_name == first.database_name
        assert await read_digests(second) == fresh
        assert await second.sql(NUMBERS) == numbers
        assert await second.sql("SHOW search_path") == path
    assert left.is_closed()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE planted (n int)",
        "ALTER TABLE penugasan DROP CONSTRAINT ex_penugasan_range",
        "ALTER TABLE pendamping DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE pendamping DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION platform.in_scope(code text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "GRANT CREATE ON SCHEMA public TO registry_api",
        "GRANT TRUNCATE ON pendamping TO registry_api",
        "ALTER SEQUENCE platform.outbox_number INCREMENT 2",
        "ALTER TABLE penugasan ALTER pendamping_id SET DEFAULT gen_random_uuid()",
        "ANALYZE pilar_kind",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pilar-registry'",
    ],
)
async def test_a_database_with_other_changes_is_not_reused(cluster: Cluster, statement: str) -> None:
    async with run_service(cluster, "registry") as first:
        name = first.database_name
        if "advisory" in statement:
            async with first.session() as session:
                await (await session.connection()).exec_driver_sql(statement)
        else:
            await first.execute(statement)
    async with run_service(cluster, "registry") as second:
        assert second.database_name != name
        assert (await second.get("/readyz")).status_code == 200
