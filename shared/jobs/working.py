"""The loop of a worker that does jobs and what is due."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from shared.jobs.falling_due import run_due
from shared.jobs.kinds import Work
from shared.jobs.stepping import run_step

CALLS_AT_ONCE = 4
log = structlog.get_logger()


async def work(database: Database, todo: Work, stop: asyncio.Event, *, poll_seconds: float = 0.25) -> None:
    """Do what there is to do until `stop`; one process of several, by leases.

    Calls outside have loops of their own: whoever is slow out there holds up neither jobs nor terms, and, one at a
    time in its own lane, not the others out there either.
    """

    async def own() -> bool:
        return await run_step(database, todo) | await run_due(database, todo, todo.dues)

    async def outside() -> bool:
        return await run_due(database, todo, todo.calls)

    async with asyncio.TaskGroup() as group:
        for turn in (own, *[outside] * (CALLS_AT_ONCE if todo.calls else 0)):
            group.create_task(_turns(turn, stop, poll_seconds))


async def _turns(turn: Callable[[], Awaitable[bool]], stop: asyncio.Event, poll_seconds: float) -> None:
    while not stop.is_set():
        try:
            busy = await turn()
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
