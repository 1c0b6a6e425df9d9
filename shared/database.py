"""One database of one service: engine, transactions that tell their events, row locks, column types."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated, Any, Protocol, TypeVar, cast
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column
from uuid_utils.compat import uuid7 as uuid7  # noqa: PLC0414 (services make their ids with it)

from shared import clock
from shared.errors import NotFound
from shared.messaging.outbox import record
from shared.privacy import Vault

OLDEST_POSTGRES = 180000
WAKE_EVERY_SECONDS = 0.02
UNSENT_CHANNEL = "pilar_unsent"

CLOCK_MOVED = "PC001"
READ_CLOCK = "SELECT offset_seconds FROM platform.business_clock"

Row = TypeVar("Row", bound=DeclarativeBase)

Rupiah = Annotated[int, mapped_column(sa.BigInteger)]


class Scope(Protocol):
    """What row security needs to know of a caller."""

    @property
    def areas(self) -> tuple[str, ...]: ...
    @property
    def pendamping_id(self) -> UUID | None: ...
    @property
    def partner_id(self) -> UUID | None: ...


def service_metadata() -> sa.MetaData:
    """The metadata of one service; constraints get predictable names, by which commands know a violation."""
    return sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


COLUMN_TYPES: Mapping[Any, Any] = {
    str: sa.Text(),
    UUID: sa.Uuid(),
    bytes: sa.LargeBinary(),
}
"""`type_annotation_map` for a service's declarative base; datetimes are declared with `sa.DateTime(timezone=True)`."""


def text_enum(kind: type[StrEnum], *, replica: bool = False) -> sa.Enum:
    """Store an enum as text with a CHECK of its values; a replica may also hold what it reads as UNKNOWN."""
    known = getattr(kind, "known", None)
    members = list(kind) if replica or known is None else known()
    # SQLAlchemy pairs the values with *all* members of the class it is given; so it is given just these.
    stored: Any = type(kind.__name__, (), {"__members__": {member.name: member for member in members}})
    return sa.Enum(
        stored,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=f"{kind.__name__.lower()}_known",
        values_callable=lambda kept: [member.value for member in kept.__members__.values()],
    )


class Database:
    """A service's own database under one role.

    `transaction` is the unit of work: row-security scope first, event positions last, commit, then a wake-up
    for the relay. Errors of the driver pass through as SQLAlchemy raises them.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str = "",
        pool_size: int = 10,
        statement_cache_size: int = 100,
        statement_timeout_ms: int = 5_000,
        wake_relay: bool = True,
        vault: Vault | None = None,
    ) -> None:
        """Connect lazily to `url` (`postgresql://…`); `vault` is what sessions seal and open with."""
        self.url, self.service, self.wake_relay, self.vault = url, service, wake_relay, vault
        self.engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=2,
            hide_parameters=True,
            # `transaction` itself begins and commits: BEGIN goes out in one message with the scope.
            isolation_level="AUTOCOMMIT",
            json_deserializer=orjson.loads,
            connect_args={
                "statement_cache_size": statement_cache_size,
                "server_settings": {
                    "application_name": f"pilar-{service}",
                    "statement_timeout": str(statement_timeout_ms),
                    "lock_timeout": "2000",
                    "idle_in_transaction_session_timeout": "15000",
                    "jit": "off",
                },
            },
        )
        self._wake = asyncio.Event()
        self._waker: asyncio.Task[None] | None = None
        self._clock_offset: int | None = None

    @asynccontextmanager
    async def transaction(
        self, actor: Scope | None = None, *, translate: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Open a session that commits at the end together with the events that it emitted.

        `translate` maps PostgreSQL schema names, for the rebuild of a replica beside the live one.
        """
        async with self.engine.connect() as connection:
            if translate:
                await connection.execution_options(schema_translate_map=dict(translate))
            driver = _driver_of(connection)
            session = AsyncSession(connection, expire_on_commit=False)
            session.info.update(actor=actor, translate=translate or {}, vault=self.vault, driver=driver)
            try:
                await self._begin(session, driver, actor)
                yield session
                told = await _finish(session, driver)
            except BaseException:
                await _roll_back(connection, driver)
                raise
            finally:
                session.sync_session.close()  # nothing is waited for: it was committed or rolled back above
        if told and self.wake_relay:
            self.wake()

    async def _begin(self, session: AsyncSession, driver: asyncpg.Connection, actor: Scope | None) -> None:
        """Begin, and say whose rows may be seen; without an actor the api role sees none (architecture.md).

        The development clock's offset is kept from transaction to transaction; PostgreSQL refuses a stale one.
        """
        travels = clock.Travel.allowed
        while True:
            if travels and self._clock_offset is None:
                self._clock_offset = int(await _said(driver.fetchval(READ_CLOCK)))
            offset = self._clock_offset if travels else None
            try:
                await _said(driver.execute(_opening(actor, offset)))
            except DBAPIError as error:
                if sqlstate_of(error) != CLOCK_MOVED:
                    raise
                await _said(driver.execute("ROLLBACK"))
                self._clock_offset = None
                continue
            if travels:
                session.info[clock.READ_AT_BEGIN] = offset
            return

    def wake(self) -> None:
        """Tell the relay, soon and after the commit, that something is unsent; losing this costs only time."""
        self._wake.set()
        if self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._notify())

    async def _notify(self) -> None:
        connection: asyncpg.Connection | None = None
        try:
            while await _set_within(self._wake, 30):
                self._wake.clear()
                if connection is None or connection.is_closed():
                    connection = cast("asyncpg.Connection", await asyncpg.connect(self.url, timeout=5))
                await connection.execute(f"NOTIFY {UNSENT_CHANNEL}")
                await asyncio.sleep(WAKE_EVERY_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            pass  # the relay's slow poll finds what this hint lost
        finally:
            if connection is not None and not connection.is_closed():
                with contextlib.suppress(Exception):
                    await connection.close(timeout=1)

    async def check_version(self) -> None:
        """Refuse a PostgreSQL older than 18, with a sentence.

        Raises:
            RuntimeError: the server is older.
        """
        async with self.engine.connect() as connection:
            version = int((await connection.execute(sa.text("SHOW server_version_num"))).scalar_one())
        if version < OLDEST_POSTGRES:
            message = (
                f"Pilar needs PostgreSQL 18; this server is {version // 10000}. Point it to a newer one."
            )
            raise RuntimeError(message)

    async def close(self) -> None:
        """Give every connection back; what was committed stays, what was not is gone."""
        if self._waker is not None:
            self._waker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waker
        await self.engine.dispose()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """Return the driver's connection; it is checked out already, so that nothing is waited for."""
    pooled = cast("Any", connection.sync_connection).connection
    return cast("asyncpg.Connection", pooled.driver_connection)


def _opening(actor: Scope | None, clock_offset: int | None) -> str:
    areas = ",".join(actor.areas) if actor else ""
    pendamping = str(actor.pendamping_id or "") if actor else ""
    partner = str(actor.partner_id or "") if actor else ""
    offset = "NULL" if clock_offset is None else int(clock_offset)
    return f"BEGIN; SELECT platform.open_scope({', '.join(map(_literal, (areas, pendamping, partner)))}, {offset})"


def _literal(value: str) -> str:
    """Quote a text for a statement without parameters; raise ValueError for what has no business in a scope."""
    if "\\" in value or not value.isprintable():
        msg = "a scope holds area codes and ids"
        raise ValueError(msg)
    return "'" + value.replace("'", "''") + "'"


async def _said(asked: Awaitable[Any]) -> Any:
    """Wait for the driver; its errors leave as SQLAlchemy's, as those of every other statement."""
    try:
        return await asked
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error


async def _finish(session: AsyncSession, driver: asyncpg.Connection) -> int:
    """Write what is left, then the positions and the events, then commit; return how many events were told.

    Raises:
        DBAPIError, and RuntimeError when an earlier error was swallowed: PostgreSQL then answers COMMIT by rolling back.
    """
    if session.new or session.dirty or session.deleted:
        await session.flush()
    told = await record(session)
    if (answer := await _said(driver.execute("COMMIT"))) != "COMMIT":
        msg = f"COMMIT was answered with {answer}: a statement had failed before"
        raise RuntimeError(msg)
    return told


async def _roll_back(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
    """Leave a connection that others may use, or none."""
    try:
        if driver.is_in_transaction():
            await driver.execute("ROLLBACK", timeout=5)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        driver.terminate()
    if driver.is_closed():
        await connection.invalidate()


async def load(session: AsyncSession, model: type[Row], key: object, *, noun: str = "") -> Row:
    """Return the row locked FOR NO KEY UPDATE, fresh, so that what is decided on it holds until the commit.

    Raises:
        NotFound: there is none, or row security hides it from the caller.
    """
    row = await session.get(model, key, with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        raise NotFound(noun or model.__name__)
    return row


async def raw(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver's connection, inside the session's transaction, which has begun."""
    if session.in_nested_transaction():
        await session.connection()  # a savepoint begins when the session first needs its connection
    return cast("asyncpg.Connection", session.info["driver"])


def vault_of(session: AsyncSession) -> Vault:
    """Return the service's keys, as the session's database has them."""
    vault: Vault | None = session.info["vault"]
    if vault is None:
        message = "this process was given no keys, and cannot seal or open"
        raise RuntimeError(message)
    return vault


def constraint_of(error: BaseException) -> str:
    """Return the name of the constraint that a database error is about, or an empty text."""
    origin = getattr(error, "orig", error)
    cause = getattr(origin, "__cause__", None)
    return str(getattr(cause, "constraint_name", None) or getattr(origin, "constraint_name", None) or "")


def sqlstate_of(error: BaseException) -> str:
    """Return the SQLSTATE behind an error, or an empty text."""
    origin = getattr(error, "orig", error)
    return str(getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None) or "")


async def upsert(
    session: AsyncSession,
    model: type[DeclarativeBase],
    rows: Sequence[Mapping[str, object]],
    *,
    key: Iterable[str],
    keep: Iterable[str] = (),
) -> None:
    """Write `rows` in one statement; of rows with the same `key` the last one counts.

    Columns in `keep` hold their first value when the row was there. All rows name the same columns.
    Honours a rebuild: the schema of a replica's table is the one that the session fills.
    """
    if not rows:
        return
    keys = tuple(key)
    latest = {tuple(row[name] for name in keys): row for row in rows}
    statement = _upsert_statement(session, model, tuple(rows[0]), keys, frozenset(keep))
    connection = await raw(session)
    await session.flush()
    await connection.execute(statement, orjson.dumps(list(latest.values())).decode())


def _upsert_statement(
    session: AsyncSession,
    model: type[DeclarativeBase],
    names: tuple[str, ...],
    keys: tuple[str, ...],
    keep: frozenset[str],
) -> str:
    table = cast("sa.Table", model.__table__)
    schema = session.info["translate"].get(table.schema, table.schema) or "public"
    dialect = session.get_bind().dialect
    typed = ", ".join(f'"{name}" {table.c[name].type.compile(dialect)}' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(
        f'"{name}" = EXCLUDED."{name}"' for name in names if name not in keys and name not in keep
    )
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    return (
        f'INSERT INTO "{schema}"."{table.name}" ({columns}) '  # noqa: S608 (names come from the model)
        f"SELECT {columns} FROM json_to_recordset($1::json) AS rows({typed}) "
        f"ON CONFLICT ({', '.join(keys)}) DO {action}"
    )
