"""What the code declares is what the migrations made."""

import asyncio

from shared.migrating import check
from tests.factories.cluster import Cluster


async def test_make_the_tables_that_the_code_declares(cluster: Cluster) -> None:
    await cluster.template("graduation")
    owner = cluster.postgres.passwords("graduation")["owner"]
    address = cluster.postgres.dsn("pilar_graduation", "graduation_owner", owner)
    await asyncio.to_thread(check, "graduation", address)
