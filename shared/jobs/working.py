"""The loop of a worker that does jobs and what is due."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.database import Database
from shared.jobs.falling_due import run_due
from shared.jobs.kinds import Work
from shared.jobs.stepping import run_step

CALLS_AT_ONCE = 4
AFTER_A_FAULT_SECONDS = 1
log = structlog.get_logger()


async def work(database: Database, todo: Work, stop: asyncio.Event, *, poll_seconds: float = 0.25) -> None:
    """Do what there is to do until `stop`; one process of several, by leases.

    Jobs, what falls due and calls outside have loops of their own: a term ends in the middle of an intake of hours,
    and whoever is slow out there holds up neither, nor, one at a time in its own lane, the others out there. Of those
    that call outside and have nothing to do, one looks for all.
    """
    looked_at = -poll_seconds

    async def jobs() -> bool:
        return await run_step(database, todo)

    async def terms() -> bool:
        return await run_due(database, todo, todo.dues)

    async def outside() -> bool:
        nonlocal looked_at
        now = asyncio.get_running_loop().time()
        if now - looked_at < poll_seconds:
            return False
        looked_at = now
        found = await run_due(database, todo, todo.calls)
        if found:
            looked_at = -poll_seconds
        return found

    async with asyncio.TaskGroup() as group:
        for turn in (jobs, terms, *[outside] * (CALLS_AT_ONCE if todo.calls else 0)):
            group.create_task(_turns(turn, stop, poll_seconds))


async def _turns(turn: Callable[[], Awaitable[bool]], stop: asyncio.Event, poll_seconds: float) -> None:
    while not stop.is_set():
        try:
            busy, pause = await turn(), poll_seconds
        except Exception as error:  # noqa: BLE001 (one thing that fails must not end the worker of all the others)
            log.warning("work_interrupted", error=type(error).__name__)
            busy, pause = False, AFTER_A_FAULT_SECONDS
        if not busy:
            await _pause(stop, pause)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
