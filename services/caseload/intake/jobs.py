"""Job of a family intake, with the phases survey, stage, analyze, mark, apply and clear.

Only the rows of a file that must be read together are staged.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Future

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.intake.commands.blocks import Block, start_blocks
from services.caseload.intake.commands.outcome import Outcome
from services.caseload.intake.commands.request import KIND
from services.caseload.intake.commands.staging import analyze, clear, is_lost, mark, restart, stage, survey
from services.caseload.intake.commands.window import Window, next_window, read_ahead, read_families
from services.caseload.intake.commands.write import write, write_consequences
from shared import clock
from shared.events import PreparedEvent
from shared.jobs import Job, Step, Work
from shared.jobs.backpressure import next_size, outbox_has_room
from shared.messaging import emit

# Fast path: the first step is small, because PostgreSQL waits until its rows are read (bench: intake).
SMALLEST_BATCH, FIRST_BATCH, LARGEST_BATCH = 100, 2000, 8000
TARGET_SECONDS = 0.8


async def run_intake_step(session: AsyncSession, job: Job) -> Step:
    """Run the next step of an intake. It commits its progress, refusals and events."""
    try:
        return await PHASES[job.place.get("phase", "survey")](session, job)
    except asyncpg.PostgresError as error:
        # Another transaction wrote a card or a person first. The retried step reads the new state.
        raise DBAPIError(None, None, error, hide_parameters=True) from error


async def apply(session: AsyncSession, job: Job) -> Step:
    """Decide on the next families of the file and write them.

    A dry run only decides.

    It reads while the outbox is being published, and goes on when the outbox has room.
    """
    if await is_lost(session, job):
        return await restart(session, job)
    writes = not job.params["dry_run"]
    if writes and job.place.get("deep") and not await outbox_has_room(session):
        return Step(place=job.place)
    limit = int(job.place.get("limit", LARGEST_BATCH))
    window = await next_window(session, job, limit if "limit" in job.place else FIRST_BATCH)
    started = time.monotonic()
    outcome = await Outcome.of(session, job, await read_families(session, job, window))
    reading_seconds = time.monotonic() - started
    if writes and not await outbox_has_room(session):
        return Step(place=job.place | {"deep": True})
    started = time.monotonic()
    await outcome.lock_placements(session)
    blocks = start_blocks(outcome, await clock.now(session))
    try:
        await read_ahead(session, job, window, limit)
        await store(session, job, outcome, blocks)
    finally:
        for building in blocks:
            building.cancel()  # A failed step leaves no work to the thread.
    seconds = reading_seconds + time.monotonic() - started
    return outcome.step(window, adapt_limit(limit, window, seconds))


def adapt_limit(limit: int, window: Window, seconds: float) -> int:
    """Return the limit of later steps, by how long the rows of a window took."""
    seconds_of_limit = seconds * limit / max(1, window.last_row - window.first_row + 1)
    sizes = {"smallest": SMALLEST_BATCH, "largest": LARGEST_BATCH}
    return next_size(limit, seconds_of_limit, **sizes, target_seconds=TARGET_SECONDS)


async def store(session: AsyncSession, job: Job, outcome: Outcome, blocks: Sequence[Future[Block]]) -> None:
    """Write each block once it is built, and emit the events.

    A dry run writes nothing.
    """
    events, moved = list[PreparedEvent](), list[Kpm]()
    for building in blocks:
        block = await asyncio.wrap_future(building)
        if not job.params["dry_run"]:
            moved += await write(session, job, block, outcome.known.today)
            events += block.events
    if job.params["dry_run"]:
        return
    await write_consequences(session, job, outcome, moved)
    for event in events:
        emit(session, event)


PHASES = {
    "survey": survey,
    "stage": stage,
    "analyze": analyze,
    "mark": mark,
    "apply": apply,
    "clear": clear,
}
WORK = Work(steps={KIND: run_intake_step})
