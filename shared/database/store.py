"""The database of one service: its engine, and transactions that write events."""

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
from shared.database.driver import (
    CLOCK_MOVED,
    READ_CLOCK,
    await_driver,
    begin_statement,
    driver_of,
    roll_back,
)
from shared.database.rows import flush_pending, sqlstate_of
from shared.messaging.outbox import write_events
from shared.privacy import Vault
from shared.transaction import KEY, TransactionContext

OLDEST_POSTGRES = 180000
WAKE_EVERY_SECONDS = 0.02
UNSENT_CHANNEL = "pilar_unsent"


class Database:
    """A service's own database under one role.

    `transaction` is the unit of work: it sets the row-security scope first, takes event positions last,
    commits, and wakes the relay. Errors of the driver are raised as SQLAlchemy's.
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
        """Set up the engine for `url` (`postgresql://…`), which connects on first use."""
        self.url, self.service, self.wake_relay, self.vault = url, service, wake_relay, vault
        self.engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=2,
            hide_parameters=True,
            # `transaction` begins and commits itself, so that BEGIN and the scope are one message.
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
        """Open a session that commits at its end, together with the emitted events.

        `translate` maps PostgreSQL schema names, for the rebuild of a replica beside the live one.
        """
        connection = self.engine.connect()
        # Not `async with`, which closes in a task of its own. An autocommit connection returns without waiting.
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
                event_count = await _commit(session, driver)
            except BaseException:
                await roll_back(connection, driver)
                raise
            finally:
                if session.in_transaction():  # Otherwise the ORM was not used.
                    session.sync_session.close()  # Does not wait: it was committed or rolled back above.
        finally:
            await connection.close()
        if event_count and self.wake_relay:
            self.wake()

    async def _begin(self, context: TransactionContext) -> None:
        """Begin with the actor's scope. Without an actor the api role sees no rows (docs/architecture.md#row-security).

        The development clock's offset is cached between transactions. PostgreSQL refuses an outdated one.
        """
        driver, travels = context.driver, clock.Travel.allowed
        while True:
            if travels and self._clock_offset is None:
                self._clock_offset = int(await await_driver(driver.fetchval(READ_CLOCK)))
            offset = self._clock_offset if travels else None
            try:
                await await_driver(driver.execute(begin_statement(context.actor, offset)))
            except DBAPIError as error:
                if sqlstate_of(error) != CLOCK_MOVED:
                    raise
                await await_driver(driver.execute("ROLLBACK"))
                self._clock_offset = None
                continue
            context.clock_offset = offset
            return

    def wake(self) -> None:
        """Notify the relay of unsent events, soon after the commit.

        A lost notification only causes a delay.
        """
        self._wake.set()
        if self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._notify())

    async def _notify(self) -> None:
        connection: asyncpg.Connection | None = None
        try:
            while await _wait_until_set(self._wake, 30):
                self._wake.clear()
                if connection is None or connection.is_closed():
                    connection = cast("asyncpg.Connection", await asyncpg.connect(self.url, timeout=5))
                await connection.execute(f"NOTIFY {UNSENT_CHANNEL}")
                await asyncio.sleep(WAKE_EVERY_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            pass  # The relay's slow poll finds the events.
        finally:
            if connection is not None and not connection.is_closed():
                with contextlib.suppress(Exception):
                    await connection.close(timeout=1)

    async def check_version(self) -> None:
        """Check that PostgreSQL is version 18 or newer.

        Raises:
            RuntimeError: the server is older.
        """
        async with self.engine.connect() as connection:
            version = int((await connection.execute(sa.text("SHOW server_version_num"))).scalar_one())
        if version < OLDEST_POSTGRES:
            message = f"Pilar needs PostgreSQL 18; this server is {version // 10000}. Use a newer server."
            raise RuntimeError(message)

    async def close(self) -> None:
        """Close all connections."""
        if self._waker is not None:
            self._waker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waker
        await self.engine.dispose()


async def _wait_until_set(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def _commit(session: AsyncSession, driver: asyncpg.Connection) -> int:
    """Flush, write the events, commit, and return how many events were written."""
    await flush_pending(session)
    event_count = await write_events(session)
    if (answer := await await_driver(driver.execute("COMMIT"))) != "COMMIT":
        msg = f"COMMIT was answered with {answer}: a statement had failed before"
        raise RuntimeError(msg)
    return event_count
