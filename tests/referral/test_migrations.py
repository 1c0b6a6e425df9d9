import asyncio

from shared.migrating import check
from tests.factories.cluster import Cluster


async def test_makes_the_tables_of_the_code(cluster: Cluster) -> None:
    await cluster.template("referral")
    url = cluster.settings("referral", "pilar_referral").owner_database_url
    await asyncio.to_thread(check, "referral", url)
