"""Brings the four databases to this code's revision, and lets a new one's business time begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import asyncpg

from deploy.local.place import ROOT


def migrate(owners: Mapping[str, str], *, begins_at: datetime, say: Callable[[str], None]) -> None:
    """Migrate what is behind; `owners` are the addresses of the owner roles. Alembic is loaded only if needed."""
    revisions = asyncio.run(_revisions(owners))
    behind = [service for service in owners if revisions[service] != head(service)]
    if not behind:
        return
    from shared.migrating import upgrade

    say(f"Migrating {', '.join(behind)}")
    for service in behind:
        upgrade(service, owners[service])
    new = [owners[service] for service in behind if not revisions[service]]
    asyncio.run(_begin(new, begins_at))


def head(service: str) -> str:
    """The newest revision, by its file; the name of each begins with its number."""
    folder = ROOT / "services" / service / "migrations" / "versions"
    return max(path.name for path in folder.glob("[0-9]*.py"))[:4]


async def _revisions(owners: Mapping[str, str]) -> dict[str, str]:
    """The revision of each database; empty for a new one."""
    return dict(zip(owners, await asyncio.gather(*map(_revision, owners.values())), strict=True))


async def _revision(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT version_num FROM platform.alembic_version") or ""
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return ""
    finally:
        await connection.close()


async def _begin(urls: list[str], begins_at: datetime) -> None:
    """All four clocks show the same instant: one reading of real time serves them all."""
    seconds = int((begins_at - datetime.now(UTC)).total_seconds())
    for url in urls:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("UPDATE platform.business_clock SET offset_seconds = $1", seconds)
        finally:
            await connection.close()
