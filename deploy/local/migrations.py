"""Brings the four databases to this code's revision, and lets a new one's business time begin."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import asyncpg

from deploy.local.place import ROOT, CannotRunHere
from shared.ddl import PLATFORM_V1

FIRST_REVISION = ("0001_tables.sql", "security.sql", "seed.sql", "versions/0001_first.py")
# The comment holds the digest of the first revision: until its release it changes, and its number does not.
STATE = """
SELECT version_num, obj_description('platform.alembic_version'::regclass, 'pg_class') FROM platform.alembic_version
"""


def migrate(owners: Mapping[str, str], *, begins_at: datetime, say: Callable[[str], None]) -> None:
    """Migrate what is behind; `owners` are the addresses of the owner roles. Alembic is loaded only if needed.

    Raises:
        CannotRunHere: a database was made from a revision that this code does not have
    """
    states = asyncio.run(_states(owners))
    known = {service: revisions_of(service) for service in owners}
    for service, (revision, digest) in states.items():
        if revision and (revision not in known[service] or digest not in ("", digest_of(service))):
            raise CannotRunHere(
                f"The database of {service} was made by another version of the code, and no migration leads from "
                "it to this one: begin anew with `make up FRESH=1`."
            )
    behind = [service for service in owners if states[service][0] != known[service][-1]]
    if not behind:
        return
    from shared.migrating import upgrade

    say(f"Migrating {', '.join(behind)}")
    for service in behind:
        upgrade(service, owners[service])
    asyncio.run(_begin({service: owners[service] for service in behind if not states[service][0]}, begins_at))


def revisions_of(service: str) -> list[str]:
    """Return the revisions of a service by the numbers of their files."""
    folder = ROOT / "services" / service / "migrations" / "versions"
    return sorted(path.name[:4] for path in folder.glob("[0-9]*.py"))


def digest_of(service: str) -> str:
    """Return a digest of all that the first revision of a service runs."""
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


async def _begin(new: Mapping[str, str], begins_at: datetime) -> None:
    """All four clocks show the same instant: one reading of real time serves them all."""
    seconds = int((begins_at - datetime.now(UTC)).total_seconds())
    for service, url in new.items():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("UPDATE platform.business_clock SET offset_seconds = $1", seconds)
            await connection.execute(f"COMMENT ON TABLE platform.alembic_version IS '{digest_of(service)}'")
        finally:
            await connection.close()
