"""Migration of the four databases, and the start of their business clocks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import asyncpg

from deploy.local.data_folder import ROOT, CannotRunHere
from shared.ddl import PLATFORM_V1

FIRST_REVISION = ("0001_tables.sql", "security.sql", "seed.sql", "versions/0001_first.py")
# The comment has the digest of the first revision, which changes until its release under the same number.
STATE = """
SELECT version_num, obj_description('platform.alembic_version'::regclass, 'pg_class') FROM platform.alembic_version
"""


def migrate(owners: Mapping[str, str], *, start_time: datetime, report: Callable[[str], None]) -> None:
    """Migrate the databases that are behind.

    `owners` are the addresses of the owner roles. Alembic is imported only if needed.

    Raises:
        CannotRunHere: a database was made by a revision that this code does not have.
    """
    states = asyncio.run(_states(owners))
    revisions = {service: revisions_of(service) for service in owners}
    for service, (revision, digest) in states.items():
        if revision and (revision not in revisions[service] or digest not in ("", digest_of(service))):
            raise CannotRunHere(
                f"The database of {service} was made by another version of the code, and there is no migration from "
                "it to this one. Start with empty databases: `make up FRESH=1`."
            )
    behind = [service for service in owners if states[service][0] != revisions[service][-1]]
    if not behind:
        return
    from shared.migrations import upgrade

    report(f"Migrating {', '.join(behind)}")
    for service in behind:
        upgrade(service, owners[service])
    asyncio.run(
        _set_clocks({service: owners[service] for service in behind if not states[service][0]}, start_time)
    )


def revisions_of(service: str) -> list[str]:
    """Return the revision numbers of a service, from the names of its files."""
    folder = ROOT / "services" / service / "migrations" / "versions"
    return sorted(path.name[:4] for path in folder.glob("[0-9]*.py"))


def digest_of(service: str) -> str:
    """Return a digest of all SQL that the first revision of a service runs."""
    folder = ROOT / "services" / service / "migrations"
    texts = [PLATFORM_V1, *((folder / name).read_text("utf-8") for name in FIRST_REVISION)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


async def _states(owners: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the revision and digest of each database, empty without one."""
    return dict(zip(owners, await asyncio.gather(*map(_state, owners.values())), strict=True))


async def _state(url: str) -> tuple[str, str]:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(STATE)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        row = None
    finally:
        await connection.close()
    return (row[0], row[1] or "") if row else ("", "")


async def _set_clocks(new: Mapping[str, str], start_time: datetime) -> None:
    """Set all four business clocks from one reading of real time."""
    seconds = int((start_time - datetime.now(UTC)).total_seconds())
    for service, url in new.items():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("UPDATE platform.business_clock SET offset_seconds = $1", seconds)
            await connection.execute(f"COMMENT ON TABLE platform.alembic_version IS '{digest_of(service)}'")
        finally:
            await connection.close()
