"""Lock one row, write many rows, and read which constraint was violated."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor, Scope
from shared.database.driver import await_driver
from shared.database.tables import Model
from shared.errors import NotFound
from shared.privacy import Vault
from shared.transaction import context_of

Row = TypeVar("Row", bound=Model)
FROM_ON = "from_on"
"""The column of a history table with the first day of a row's state."""
LAST = "$last"
"""Marks the last row of a key. No column has this name."""
DIALECT = postgresql.dialect()
RAISE_SCOPE = sa.select(sa.func.platform.raise_scope(sa.bindparam("scope", type_=sa.Text())))


async def load(session: AsyncSession, model: type[Row], key: object, *, noun: str = "") -> Row:
    """Return the row, read again and locked FOR NO KEY UPDATE until the commit.

    Raises:
        NotFound: there is none, or row security hides it from the caller.
    """
    row = await session.get(model, key, with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        raise NotFound(noun or model.__name__)
    return row


def acted_by(actor: Actor, person: Any, sub: Any) -> sa.ColumnElement[bool]:
    """Return `Actor.is_same_as` as a condition on the columns of a recorded act."""
    return sa.or_(person == actor.person, sub == actor.sub)


@asynccontextmanager
async def national_scope(session: AsyncSession) -> AsyncIterator[None]:
    """Read the rows of the whole country inside the block.

    For counts, and for checks over all rows. An error inside ends the transaction, and its scope with it.
    """
    before = await session.scalar(RAISE_SCOPE, {"scope": Scope.NATIONAL})
    yield
    await session.scalar(RAISE_SCOPE, {"scope": before})


async def raw(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver's connection, inside the session's transaction."""
    if session.in_nested_transaction():
        await session.connection()  # A savepoint begins when the session first needs its connection.
    return context_of(session).driver


def vault_of(session: AsyncSession) -> Vault:
    """Return the service's keys."""
    vault = context_of(session).vault
    if vault is None:
        message = "this process has no keys, and cannot seal or open"
        raise RuntimeError(message)
    return vault


def constraint_of(error: BaseException) -> str:
    """Return the name of the violated constraint, or an empty text."""
    origin = getattr(error, "orig", error)
    cause = getattr(origin, "__cause__", None)
    return str(getattr(cause, "constraint_name", None) or getattr(origin, "constraint_name", None) or "")


def sqlstate_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error, or an empty text."""
    origin = getattr(error, "orig", error)
    return str(getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None) or "")


async def upsert(
    session: AsyncSession,
    model: type[Model],
    rows: Sequence[Mapping[str, object]],
    *,
    key: Iterable[str],
    keep: Iterable[str] = (),
    columns: Sequence[str] = (),
) -> None:
    """Write `rows` in one statement. Of rows with the same `key` the last one counts.

    Existing values of the columns in `keep` do not change. All rows have the same columns, or `columns` names those to
    write: of a row that lacks one it becomes NULL, and other values are ignored. During a rebuild it writes to the copy
    of a replica's table.
    """
    if not rows:
        return
    keys, names = tuple(key), tuple(columns or rows[0])
    table = cast("sa.Table", model.__table__)
    schema = context_of(session).schema_of(table.schema)
    statement = _upsert_statement(table, schema, names, keys, frozenset(keep))
    key_of = itemgetter(*keys)
    latest = {key_of(row): row for row in rows}
    await _execute_with_rows(session, statement, [[*map(row.get, names)] for row in latest.values()])


async def upsert_with_history(
    session: AsyncSession,
    model: type[Model],
    history: type[Model],
    rows: Sequence[Mapping[str, object]],
    days: Sequence[date],
    *,
    key: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Write `rows` as `upsert` does, and into `history` the last one of each day.

    `days` has the day of each row.
    """
    if not rows:
        return
    # Fast path: both tables in one statement save 9 µs of 80 per event (bench: replica).
    tables = (cast("sa.Table", model.__table__), cast("sa.Table", history.__table__))
    schema = context_of(session).schema_of(tables[0].schema)
    statement = _history_statement(*tables, schema, tuple(columns), tuple(key))
    key_of = itemgetter(*key)
    keys = [key_of(row) for row in rows]
    last_days = dict(zip(keys, days, strict=True))
    last_of_days = {(of, day): row for of, day, row in zip(keys, days, rows, strict=True)}
    cells = [[*map(row.get, columns), day, last_days[of] == day] for (of, day), row in last_of_days.items()]
    await _execute_with_rows(session, statement, cells)


async def _execute_with_rows(session: AsyncSession, statement: str, rows: list[list[object]]) -> None:
    connection = await raw(session)
    await flush_pending(session)
    await connection.execute(statement, orjson.dumps(rows, default=_as_json).decode())


async def write(session: AsyncSession, row: Model) -> None:
    """Insert a new row in one prepared statement, without the ORM's unit of work.

    Fast path for what every decision writes: the unit of work costs several times the statement. The session
    does not hold the row.

    Raises:
        DBAPIError: `constraint_of` names the violated constraint.
    """
    table = cast("sa.Table", row.__table__)
    await _write(session, table, _values_of(row, table), "")


def _values_of(row: Model, table: sa.Table) -> dict[str, object]:
    values, columns = vars(row), table.c.items()
    # None is the default of a field whose value the server sets.
    return {
        name: values[name]
        for name, column in columns
        if name in values and (values[name] is not None or column.server_default is None)
    }


async def write_once(session: AsyncSession, model: type[Model], row: Mapping[str, object]) -> bool:
    """Insert one row unless its key exists, and return whether it was inserted.

    Raises:
        DBAPIError: a constraint other than a key is violated.
    """
    table = cast("sa.Table", model.__table__)
    return await _write(session, table, row, "ON CONFLICT DO NOTHING") is not None


async def _write(session: AsyncSession, table: sa.Table, row: Mapping[str, object], end: str) -> object:
    connection = await raw(session)
    await flush_pending(session)
    schema = context_of(session).schema_of(table.schema)
    statement = _one_row_statement(table, schema, tuple(row), end)
    return await await_driver(connection.fetchval(statement, orjson.dumps(row, default=_as_json).decode()))


def _as_json(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, UUID):  # orjson refuses the driver's subclass
        return str(value)
    raise TypeError(type(value).__name__)


@cache
def _one_row_statement(table: sa.Table, schema: str, names: tuple[str, ...], end: str) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return (
        f'INSERT INTO "{schema}"."{table.name}" ({columns}) '  # noqa: S608 (names come from the model)
        f"SELECT {columns} FROM json_to_record($1::json) AS row({_typed(table, names)}) {end} RETURNING 1"
    )


async def flush_pending(session: AsyncSession) -> None:
    """Flush the ORM's changes, if there are any.

    A flush without changes costs as much as a statement.
    """
    orm = session.sync_session
    if orm.new or orm.deleted or any(map(orm.is_modified, orm.dirty)):
        await session.flush()


@cache
def _upsert_statement(
    table: sa.Table, schema: str, names: tuple[str, ...], keys: tuple[str, ...], keep: frozenset[str]
) -> str:
    return _upsert_from(
        f"({_select_cells(table, names)}) AS rows", table, schema, names, (*keys, *keep), keys
    )


@cache
def _history_statement(
    table: sa.Table, history: sa.Table, schema: str, names: tuple[str, ...], keys: tuple[str, ...]
) -> str:
    all_names, days = (*names, FROM_ON), (*keys, FROM_ON)
    last_rows = f'rows WHERE "{LAST}"'
    return (
        f"WITH rows AS ({_select_cells(history, all_names, LAST)}),"
        f" last AS ({_upsert_from(last_rows, table, schema, names, keys, keys)}) "
        f"{_upsert_from('rows', history, schema, all_names, days, days)}"
    )


def _upsert_from(
    source: str,
    table: sa.Table,
    schema: str,
    names: tuple[str, ...],
    unchanged: Collection[str],
    keys: tuple[str, ...],
) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in names if name not in unchanged)
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    return (
        f'INSERT INTO "{schema}"."{table.name}" ({columns}) '  # noqa: S608 (names come from the model)
        f"SELECT {columns} FROM {source} ON CONFLICT ({', '.join(keys)}) DO {action}"
    )


def _typed(table: sa.Table, names: Iterable[str]) -> str:
    return ", ".join(f'"{name}" {table.c[name].type.compile(DIALECT)}' for name in names)


def _select_cells(table: sa.Table, names: Sequence[str], flag: str = "") -> str:
    """Return a SELECT of rows that are lists of these columns and a flag."""
    # Fast path: reading lists takes PostgreSQL 4.5 µs a row, json_to_recordset 8, of 65 per event (bench: replica).
    kinds = [table.c[name].type.compile(DIALECT) for name in names]
    cells = [f'{_cell(number, kind)} AS "{names[number]}"' for number, kind in enumerate(kinds)]
    if flag:
        cells.append(f'{_cell(len(names), "BOOLEAN")} AS "{flag}"')
    return f"SELECT {', '.join(cells)} FROM jsonb_array_elements($1::jsonb) AS cells"  # noqa: S608 (names come from the model)


def _cell(number: int, kind: str) -> str:
    text = f"cells ->> {number}"
    if kind.startswith("JSON"):
        return f"NULLIF(cells -> {number}, 'null')::{kind}"
    if kind.endswith("[]"):
        elements = f"ARRAY(SELECT jsonb_array_elements_text(cells -> {number}))"
        text = f"CASE WHEN {text} IS NOT NULL THEN {elements} END"
    # A cast to a text type would cut off what is too long. The INSERT refuses it.
    return text if kind.startswith(("TEXT", "VARCHAR", "CHAR")) else f"({text})::{kind}"
