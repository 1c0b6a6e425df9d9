"""The loop of a worker that does jobs and what is due."""

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from shared.jobs.falling_due import run_due
from shared.jobs.kinds import Work
from shared.jobs.stepping import run_step

log = structlog.get_logger()


async def work(database: Database, todo: Work, stop: asyncio.Event, *, poll_seconds: float = 0.25) -> None:
    """Do what there is to do until `stop`; one process of several, by leases."""
    while not stop.is_set():
        try:
            busy = await run_step(database, todo) | await run_due(database, todo)
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("work_interrupted", error=type(error).__name__)
            busy = False
            await asyncio.sleep(1)
        if not busy:
            await _pause(stop, poll_seconds)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
