"""Every table with rows of a family has row security."""

import asyncpg

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import build_family_facts, build_graduasi_determined
from tests.factories.services import Running

OF_A_FAMILY = """
SELECT c.oid::regclass::text AS name, c.relrowsecurity AND c.relforcerowsecurity AS closed FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
    AND a.attname IN ('kpm_id', 'rujukan_id', 'rujukan_program_id', 'for_id', 'graduasi_id', 'after_rujukan_program_id'))
ORDER BY 1
"""


async def test_each_table_with_a_family_has_row_security_forced(referral: Running) -> None:
    rows = await referral.sql(OF_A_FAMILY)
    assert len(rows) >= 15
    assert [row["name"] for row in rows if not row["closed"]] == []


async def test_no_row_is_visible_without_a_scope(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        await world.send_rujukan("KUR_SUPERMIKRO")
        connection = await asyncpg.connect(referral.database.url)
        try:
            for row in await referral.sql(OF_A_FAMILY):
                column = "count(for_id)" if row["name"] == "identity" else "count(*)"
                assert await connection.fetchval(f"SELECT {column} FROM {row['name']}") == 0, row["name"]
        finally:
            await connection.close()
