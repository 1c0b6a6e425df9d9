"""The loops of a worker that runs jobs and scheduled tasks."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.database import Database
from shared.jobs.job_runner import run_step
from shared.jobs.kinds import Work
from shared.jobs.queued_jobs import listen_for_jobs
from shared.jobs.scheduled_task_runner import run_scheduled_task
from shared.waiting import wait_for_any

MAX_CONCURRENT_CALLS = 4
RETRY_SECONDS = 1
log = structlog.get_logger()


async def work(
    database: Database, registry: Work, stop: asyncio.Event, *, poll_seconds: float = 0.25
) -> None:
    """Run jobs and scheduled tasks until `stop`. Several processes share them by leases.

    Jobs, scheduled tasks and external calls have loops of their own, so that neither an intake of hours nor a
    slow partner delays the others. Of the idle loops for external calls only one polls the database.
    An enqueued job wakes the loop of jobs. All loops also poll every `poll_seconds`.
    """
    looked_at = -poll_seconds

    async def jobs() -> bool:
        return await run_step(database, registry)

    async def terms() -> bool:
        return await run_scheduled_task(database, registry, registry.scheduled_tasks)

    async def outside() -> bool:
        nonlocal looked_at
        now = asyncio.get_running_loop().time()
        if now - looked_at < poll_seconds:
            return False
        looked_at = now
        ran = await run_scheduled_task(database, registry, registry.calls)
        if ran:
            looked_at = -poll_seconds
        return ran

    async with listen_for_jobs(database) as queued, asyncio.TaskGroup() as group:
        group.create_task(_turns(jobs, stop, poll_seconds, queued))
        for turn in (terms, *[outside] * (MAX_CONCURRENT_CALLS if registry.calls else 0)):
            group.create_task(_turns(turn, stop, poll_seconds, asyncio.Event()))


async def _turns(
    turn: Callable[[], Awaitable[bool]], stop: asyncio.Event, poll_seconds: float, wakeup: asyncio.Event
) -> None:
    while not stop.is_set():
        wakeup.clear()
        try:
            busy, pause = await turn(), poll_seconds
        except Exception as error:  # noqa: BLE001 (one failure must not end the worker)
            log.warning("work_interrupted", error=type(error).__name__)
            busy, pause = False, RETRY_SECONDS
        if not busy:
            await wait_for_any(pause, stop, wakeup)
