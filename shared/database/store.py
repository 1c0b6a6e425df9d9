"""The database of one service: its engine, and transactions that write events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import Context
from datetime import timedelta
from typing import cast

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

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
from shared.transaction import KEY, TransactionContext, context_of
from shared.updates import LONGEST_TRANSACTION

OLDEST_POSTGRES = 180000
WAKE_EVERY_SECONDS = 0.02
END_SECONDS = 0.005
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
            # The connection used last has its plans and pages in the cache of a processor.
            pool_use_lifo=True,
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
                    "transaction_timeout": str(LONGEST_TRANSACTION // timedelta(milliseconds=1)),
                    "jit": "off",
                },
            },
        )
        self._wake = asyncio.Event()
        self._waker: asyncio.Task[None] | None = None
        self._clock_offset: int | None = None
        self._ending = set[asyncio.Task[None]]()

    @asynccontextmanager
    async def transaction(
        self, actor: Actor | None = None, *, translate: Mapping[str, str] | None = None, first: str = ""
    ) -> AsyncIterator[AsyncSession]:
        """Open a session that commits at its end, together with the emitted events.

        `translate` maps PostgreSQL schema names, for the rebuild of a replica beside the live one. `first` is a
        statement that begins the transaction, in the message of BEGIN and the scope.
        """
        session = await self._open(actor, translate or {}, first=first)
        try:
            yield session
            event_count = await _commit(session)
        finally:
            await _close(session)
        if event_count and self.wake_relay:
            self.wake()

    @asynccontextmanager
    async def read(self, actor: Actor) -> AsyncIterator[asyncio.Task[AsyncSession]]:
        """Begin a read-only session, to be awaited. Its end delays nobody.

        PostgreSQL refuses every write, so there is nothing that a late end could lose.
        """
        opening = asyncio.create_task(self._open(actor, {}, read_only=True))
        try:
            # Fast path: PostgreSQL begins while FastAPI reads the parameters (bench: reading).
            await asyncio.sleep(0)
            yield opening
            await _flush(await opening)
        finally:
            # Fast path: an answer leaves one round trip earlier (bench: reading).
            ending = asyncio.create_task(_end(opening))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _open(
        self, actor: Actor | None, translate: Mapping[str, str], *, first: str = "", read_only: bool = False
    ) -> AsyncSession:
        if self._ending:
            # Fast path: a connection is free within a round trip, and another one has colder caches (bench: reading).
            await asyncio.wait(self._ending, timeout=END_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        connection = self.engine.connect()
        # Not `async with`, which closes in a task of its own. An autocommit connection returns without waiting.
        await connection.start()
        session = AsyncSession(connection, expire_on_commit=False)
        context = TransactionContext(driver_of(connection), self.vault, actor, translate)
        session.info[KEY] = context
        try:
            if translate:
                await connection.execution_options(schema_translate_map=dict(translate))
            await self._begin(context, first, read_only=read_only)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                context.driver.terminate()  # The driver does not know whether the transaction has begun.
            await _close(session)
            raise
        return session

    async def _begin(self, context: TransactionContext, first: str, *, read_only: bool) -> None:
        """Begin with the actor's scope. Without an actor the api role sees no rows (docs/architecture.md#row-security).

        The development clock's offset is cached between transactions. PostgreSQL refuses an outdated one.
        """
        driver, travels = context.driver, clock.Travel.allowed
        while True:
            if travels and self._clock_offset is None:
                self._clock_offset = int(await await_driver(driver.fetchval(READ_CLOCK)))
            offset = self._clock_offset if travels else None
            try:
                begin = begin_statement(context.actor, offset, read_only=read_only)
                context.begin_tag = await await_driver(driver.execute(f"{begin}; {first}"))
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
            # Not in the trace of the request that happens to start it.
            self._waker = asyncio.create_task(self._notify(), context=Context())

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
        """Close all connections, after the reads that have not ended."""
        await asyncio.gather(*self._ending, return_exceptions=True)
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


async def _commit(session: AsyncSession) -> int:
    """Flush, write the events, commit, and return how many events were written."""
    event_count = await _flush(session)
    if (answer := await await_driver(context_of(session).driver.execute("COMMIT"))) != "COMMIT":
        msg = f"COMMIT was answered with {answer}: a statement had failed before"
        raise RuntimeError(msg)
    return event_count


async def _flush(session: AsyncSession) -> int:
    await flush_pending(session)
    return await write_events(session)


async def _end(opening: asyncio.Task[AsyncSession]) -> None:
    """Close a session once it has begun."""
    # Fast path: the entry of the audit trail is sent before the end of the transaction (bench: audit).
    await asyncio.sleep(0)
    if not opening.done():
        await asyncio.wait((opening,))
    if not opening.cancelled() and opening.exception() is None:
        await _close(opening.result())


async def _close(session: AsyncSession) -> None:
    """Roll back what was not committed, and return the connection to the pool."""
    connection = cast("AsyncConnection", session.bind)
    try:
        await roll_back(connection, context_of(session).driver)
    finally:
        if session.in_transaction():  # Otherwise the ORM was not used.
            session.sync_session.close()  # Does not wait: it was committed or rolled back above.
        if connection.sync_connection is not None:
            # Fast path: an autocommit connection returns to the pool without waiting (bench: reading).
            connection.sync_connection.close()
