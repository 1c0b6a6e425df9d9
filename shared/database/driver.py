"""Driver-level statements of a transaction: BEGIN with the scope, and ROLLBACK."""

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
    """Return the driver's connection, which is already checked out."""
    pooled = cast("Any", connection.sync_connection).connection
    return cast("asyncpg.Connection", pooled.driver_connection)


def begin_statement(actor: Actor | None, clock_offset: int | None, *, read_only: bool = False) -> str:
    """Return the statements that begin a transaction and set its scope."""
    if actor is None:
        return _begin_statement("", (), None, None, None, clock_offset, read_only)
    # In another role, a partner's employee must not see what was shared with the partner.
    partner_id = actor.partner_id if actor.scope == "PARTNER" else None
    return _begin_statement(
        actor.scope, actor.areas, actor.pendamping_id, partner_id, actor.ditjen, clock_offset, read_only
    )


@lru_cache(maxsize=1_000)
def _begin_statement(
    scope: str,
    areas: tuple[str, ...],
    pendamping_id: UUID | None,
    partner_id: UUID | None,
    ditjen: str | None,
    clock_offset: int | None,
    read_only: bool,
) -> str:
    settings = (scope, ",".join(areas), str(pendamping_id or ""), str(partner_id or ""), ditjen or "")
    offset = "NULL" if clock_offset is None else int(clock_offset)
    begin = "BEGIN READ ONLY" if read_only else "BEGIN"
    return f"{begin}; SELECT platform.open_scope({', '.join(map(_literal, settings))}, {offset})"


def _literal(value: str) -> str:
    """Quote a text for a statement without parameters.

    Raises:
        ValueError: the text cannot be part of a scope.
    """
    if "\\" in value or not value.isprintable():
        msg = "a scope holds area codes and ids"
        raise ValueError(msg)
    return "'" + value.replace("'", "''") + "'"


async def await_driver(call: Awaitable[Any]) -> Any:
    """Await a call of the driver, and raise its errors as SQLAlchemy's DBAPIError."""
    try:
        return await call
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error


async def roll_back(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
    """Roll back, or close a connection that cannot be used any more."""
    try:
        if not driver.is_closed() and driver.is_in_transaction():
            await driver.execute("ROLLBACK", timeout=5)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        driver.terminate()
    if driver.is_closed():
        await connection.invalidate()
