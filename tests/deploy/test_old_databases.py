"""A database of another version of the code is refused."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from deploy.local.data_folder import CannotRunHere
from deploy.local.migrations import digest_of, migrate
from tests.factories.cluster import Cluster


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    name = asyncio.run(cluster.clone("registry"))
    yield name
    asyncio.run(cluster.drop(name))


def start_on(cluster: Cluster, database: str) -> None:
    owner = cluster.settings("registry", database).owner_database_url
    migrate({"registry": owner}, start_time=datetime.now(UTC), report=pytest.fail)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE platform.alembic_version SET version_num = '0003_rules'",
        "COMMENT ON TABLE platform.alembic_version IS 'another first revision'",
    ],
)
def test_database_of_another_version_is_refused(cluster: Cluster, database: str, statement: str) -> None:
    asyncio.run(cluster.execute(statement, database))
    with pytest.raises(CannotRunHere, match=r"registry .* Start with empty databases: `make up FRESH=1`"):
        start_on(cluster, database)


def test_database_of_this_version_is_accepted(cluster: Cluster, database: str) -> None:
    start_on(cluster, database)
    comment = f"COMMENT ON TABLE platform.alembic_version IS '{digest_of('registry')}'"
    asyncio.run(cluster.execute(comment, database))
    start_on(cluster, database)
