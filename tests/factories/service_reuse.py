"""Services that are reused from test to test, with their database restored in between.

A new database, application and connections cost half a second, deleting a test's rows a few hundredths. A service whose
database changed in more than rows (a constraint, a policy, statistics, an outbox partition) is not reused.
"""

from __future__ import annotations

import asyncio
import importlib
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import event

from shared.database import Database
from shared.settings import Settings
from shared.worker import worker_database
from tests.factories.database_state import DatabaseState

if TYPE_CHECKING:
    from tests.factories.cluster import Cluster


async def read_pids(database: Database) -> set[int]:
    """Return the process ids of a pool's sessions, also of later ones."""
    pids: set[int] = set()

    @event.listens_for(database.engine.sync_engine, "connect")
    def store_pid(connection: Any, _: Any) -> None:
        pids.add(connection.driver_connection.get_server_pid())

    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        pids.add(driver.get_server_pid())
    return pids


async def is_quiet(database: Database) -> bool:
    """Stop what a test left running, and return whether all connections are in the pool."""
    database._clock_offset = None
    if database._waker is not None:
        database._waker.cancel()
        await asyncio.wait({database._waker})
        database._waker = None
    return database.engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def reset_session(session: asyncpg.Connection[Any] | None) -> asyncpg.Connection[Any] | None:
    """Reset a session, and return it if it is usable."""
    if session is None or session.is_closed():
        return None
    try:
        await session.reset(timeout=5)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        session.terminate()
        return None
    return session


@dataclass(slots=True)
class ReusableService:
    """The reusable part of a service: its application and its worker's connections."""

    settings: Settings
    database_name: str
    app: Any
    worker: Database
    superuser: Database
    stack: AsyncExitStack
    pools: list[set[int]]
    initial_state: DatabaseState | None = None
    # Idle sessions of `sql` and of the relay.
    asks: asyncpg.Connection[Any] | None = None
    relays: asyncpg.Connection[Any] | None = None

    @classmethod
    async def start(
        cls, cluster: Cluster, service: str, more: dict[str, Any], *, reusable: bool
    ) -> ReusableService:
        """Start on a new database."""
        database_name = await asyncio.to_thread(asyncio.run, cluster.clone(service))
        initial_state = await DatabaseState.read(cluster.address(database_name)) if reusable else None
        settings = cluster.settings(service, database_name, **more)
        app = importlib.import_module(f"services.{service}.app").build(settings)
        worker = worker_database(settings, pool_size=5)
        superuser = Database(cluster.address(database_name), service=service, pool_size=1, wake_relay=False)
        stack = AsyncExitStack()
        stack.push_async_callback(cluster.drop, database_name)
        stack.push_async_callback(superuser.close)
        stack.push_async_callback(worker.close)
        await stack.enter_async_context(app.router.lifespan_context(app))
        databases = (app.state.database, worker, superuser) if reusable else ()
        pools = [await read_pids(database) for database in databases]
        return cls(settings, database_name, app, worker, superuser, stack, pools, initial_state)

    async def restore(self) -> bool:
        """Restore the service and return whether the next test may use it."""
        if self.initial_state is None:
            return False
        self.app.state.draining = False
        databases = (self.app.state.database, self.worker, self.superuser)
        return all([await is_quiet(database) for database in databases]) and await self.initial_state.restore(
            databases, self.pools, await self._reset_sessions()
        )

    async def _reset_sessions(self) -> set[int]:
        """Reset the sessions outside the pools, and return the process ids of the usable ones."""
        self.asks, self.relays = await reset_session(self.asks), await reset_session(self.relays)
        writer = self.app.state.audit
        if writer._writing is not None:
            await asyncio.wait({writer._writing})
        sessions = (self.asks, self.relays, writer._connection)
        return {session.get_server_pid() for session in sessions if session and not session.is_closed()}

    async def stop(self) -> None:
        """Stop the service and drop its database."""
        for session in (self.asks, self.relays):
            if session is not None:
                await session.close()
        if self.initial_state is not None:
            await self.initial_state.connection.close()
        await self.stack.aclose()
