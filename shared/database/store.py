"""One database of one service: its engine, and transactions that tell their events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from shared import clock
from shared.access import Actor
from shared.database.opening import CLOCK_MOVED, READ_CLOCK, driver_of, opening, roll_back, said
from shared.database.rows import flush_held, sqlstate_of
from shared.messaging.outbox import write_events
from shared.privacy import Vault
from shared.transaction import KEY, TransactionContext

OLDEST_POSTGRES = 180000
WAKE_EVERY_SECONDS = 0.02
UNSENT_CHANNEL = "pilar_unsent"


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
        self, actor: Actor | None = None, *, translate: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Open a session that commits at the end together with the events that it emitted.

        `translate` maps PostgreSQL schema names, for the rebuild of a replica beside the live one.
        """
        connection = self.engine.connect()
        # Not `async with`, which ends in a task of its own: an autocommitting connection goes back without waiting.
        await connection.start()
        try:
            if translate:
                await connection.execution_options(schema_translate_map=dict(translate))
            driver = driver_of(connection)
            session = AsyncSession(connection, expire_on_commit=False)
            context = TransactionContext(driver, self.vault, actor, translate or {})
            session.info[KEY] = context
            try:
                await self._begin(context)
                yield session
                told = await _finish(session, driver)
            except BaseException:
                await roll_back(connection, driver)
                raise
            finally:
                if session.in_transaction():  # else the ORM was never asked, and keeps nothing
                    session.sync_session.close()  # nothing is waited for: it was committed or rolled back above
        finally:
            await connection.close()
        if told and self.wake_relay:
            self.wake()

    async def _begin(self, context: TransactionContext) -> None:
        """Begin, and say whose rows may be seen; without an actor the api role sees none (architecture.md).

        The development clock's offset is kept from transaction to transaction; PostgreSQL refuses a stale one.
        """
        driver, travels = context.driver, clock.Travel.allowed
        while True:
            if travels and self._clock_offset is None:
                self._clock_offset = int(await said(driver.fetchval(READ_CLOCK)))
            offset = self._clock_offset if travels else None
            try:
                await said(driver.execute(opening(context.actor, offset)))
            except DBAPIError as error:
                if sqlstate_of(error) != CLOCK_MOVED:
                    raise
                await said(driver.execute("ROLLBACK"))
                self._clock_offset = None
                continue
            context.clock_offset = offset
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


async def _finish(session: AsyncSession, driver: asyncpg.Connection) -> int:
    """Write what is left, then the positions and the events, then commit; return how many events were told.

    Raises:
        DBAPIError, and RuntimeError when an earlier error was swallowed: PostgreSQL then answers COMMIT by rolling back.
    """
    await flush_held(session)
    told = await write_events(session)
    if (answer := await said(driver.execute("COMMIT"))) != "COMMIT":
        msg = f"COMMIT was answered with {answer}: a statement had failed before"
        raise RuntimeError(msg)
    return told
