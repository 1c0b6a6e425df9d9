"""A transaction's first word and its last: whose rows may be seen and by which clock, and whether it was committed."""

from collections.abc import Awaitable
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.access import Actor

CLOCK_MOVED = "PC001"
READ_CLOCK = "SELECT offset_seconds FROM platform.business_clock"


def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """Return the driver's connection; it is checked out already, so that nothing is waited for."""
    pooled = cast("Any", connection.sync_connection).connection
    return cast("asyncpg.Connection", pooled.driver_connection)


def opening(actor: Actor | None, clock_offset: int | None) -> str:
    """Return the message that begins a transaction; the same caller begins many."""
    if actor is None:
        return _opening("", (), None, None, clock_offset)
    # Another role of a partner's employee must not show them what was shared with the partner, nor the reverse.
    partner_id = actor.partner_id if actor.scope == "PARTNER" else None
    return _opening(actor.scope, actor.areas, actor.pendamping_id, partner_id, clock_offset)


@lru_cache(maxsize=1_000)
def _opening(
    scope: str,
    areas: tuple[str, ...],
    pendamping_id: UUID | None,
    partner_id: UUID | None,
    clock_offset: int | None,
) -> str:
    said = (scope, ",".join(areas), str(pendamping_id or ""), str(partner_id or ""))
    offset = "NULL" if clock_offset is None else int(clock_offset)
    return f"BEGIN; SELECT platform.open_scope({', '.join(map(_literal, said))}, {offset})"


def _literal(value: str) -> str:
    """Quote a text for a statement without parameters; raise ValueError for what has no business in a scope."""
    if "\\" in value or not value.isprintable():
        msg = "a scope holds area codes and ids"
        raise ValueError(msg)
    return "'" + value.replace("'", "''") + "'"


async def said(asked: Awaitable[Any]) -> Any:
    """Wait for the driver; its errors leave as SQLAlchemy's, as those of every other statement."""
    try:
        return await asked
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error


async def roll_back(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
    """Leave a connection that others may use, or none."""
    try:
        if driver.is_in_transaction():
            await driver.execute("ROLLBACK", timeout=5)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        driver.terminate()
    if driver.is_closed():
        await connection.invalidate()
