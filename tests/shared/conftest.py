"""Fixtures with the platform's tables, without a service."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.postgres.databases import create_service_database
from shared.database import Database
from shared.privacy import Vault, make_keys
from shared.schema import platform_v1
from tests.factories.cluster import Cluster


@pytest.fixture(scope="session")
async def platform_urls(cluster: Cluster) -> dict[str, str]:
    """Return the addresses, by role, of a database with only the platform's tables."""
    passwords = cluster.postgres.passwords("platform")
    create_service_database(cluster.postgres.superuser_dsn, "platform", passwords)
    roles = {"owner": passwords["owner"], "api": passwords["api"], "worker": passwords["worker"]}
    urls = {
        role: cluster.postgres.dsn("pilar_platform", f"platform_{role}", word) for role, word in roles.items()
    }
    statements: list[str] = []
    platform_v1(statements.append, "platform", topics=["pilar.caseload"])
    owner = await asyncpg.connect(urls["owner"])
    for statement in statements:
        await owner.execute(statement)
    await owner.close()
    return urls


# Whatever a test may leave behind: the order of tests is drawn, and any of them may come next.
WIPE = """
TRUNCATE platform.stream, platform.outbox, platform.unsent, platform.local_log, platform.cursor, platform.parked,
    platform.consumer_offset, platform.idempotency, platform.job, platform.job_row_error, platform.scheduled_task,
    platform.file, platform.file_chunk, platform.file_upload, platform.file_use;
UPDATE platform.business_clock SET offset_seconds = 0
"""


@pytest.fixture
async def database(
    platform_urls: dict[str, str], owner: "asyncpg.Connection[asyncpg.Record]"
) -> AsyncIterator[Database]:
    """The platform's database under the api role, with empty tables."""
    await owner.execute(WIPE)
    database = Database(platform_urls["api"], service="platform", wake_relay=False)
    yield database
    await database.close()


@pytest.fixture
async def owner(platform_urls: dict[str, str]) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the owner role, to inspect and to damage stored rows."""
    connection = await asyncpg.connect(platform_urls["owner"])
    yield connection
    await connection.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Keys of a service named platform."""
    make_keys(tmp_path / "keys")
    return Vault(tmp_path / "keys", "platform")
