"""Wake-up of an idle worker when a job is enqueued.

A worker that is not woken finds the job when it polls next.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import structlog

from shared.database import Database
from shared.jobs.queue import QUEUED_CHANNEL

RECONNECT_SECONDS = 1
FAULTS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
log = structlog.get_logger()


@contextlib.asynccontextmanager
async def listen_for_jobs(database: Database) -> AsyncIterator[asyncio.Event]:
    """Yield an event that is set when a job may have been enqueued.

    It has a connection of its own, which must not pass a transaction pooler.
    """
    queued = asyncio.Event()
    listening = asyncio.create_task(_listen(database, queued))
    try:
        yield queued
    finally:
        listening.cancel()
        await asyncio.wait((listening,))


async def _listen(database: Database, queued: asyncio.Event) -> None:
    """Listen without end, and connect again after a lost connection."""
    while True:
        try:
            await _listen_once(database, queued)
        except FAULTS as error:
            log.warning("job_listener_interrupted", error=type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen_once(database: Database, queued: asyncio.Event) -> None:
    closed = asyncio.Event()
    settings = {"application_name": f"pilar-jobs-{database.service}"}
    connection = await asyncpg.connect(database.url, server_settings=settings, timeout=5)
    try:
        connection.add_termination_listener(lambda _: closed.set())
        await connection.add_listener(QUEUED_CHANNEL, lambda *_: queued.set())
        queued.set()  # A job may have been enqueued before the connection listened.
        await closed.wait()
        raise ConnectionResetError
    finally:
        with contextlib.suppress(Exception):
            await connection.close(timeout=1)
