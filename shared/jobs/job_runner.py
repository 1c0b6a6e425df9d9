"""Run jobs in leased steps.

A step, its progress and its events commit together.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import schema, telemetry
from shared.access import Actor
from shared.audit.steps import record_step
from shared.database import Database
from shared.faults import faultpoint
from shared.jobs.failures import TooManyRefusals, as_sentences, failure_words
from shared.jobs.kinds import LEASE, Job, RowError, Step, Work
from shared.jobs.queue import from_json
from shared.transaction import context_of

MAX_TRIES = 5
MAX_REFUSALS = 10_000
MAX_NOTES = 50_000
"""Warnings and changes listed per job. Beyond it they are only counted, and the job goes on."""
TURN_SECONDS = 1.0
"""After this time a job releases its lease, and the job that has waited longest runs next."""
WORKER_DIED = "WorkerDied"
"""The error of a job whose workers died, or lost their lease, in too many steps in a row."""
log = structlog.get_logger()

LEASE_JOB = sa.text(
    "UPDATE platform.job SET state = 'RUNNING', lease = :lease, lease_until = clock_timestamp() + :term,"
    " started_at = coalesce(started_at, clock_timestamp()), attempts = attempts + 1"
    " WHERE job_id = (SELECT job_id FROM platform.job WHERE kind = ANY(:kinds) AND (state = 'QUEUED'"
    " OR (state = 'RUNNING' AND lease_until < clock_timestamp())) ORDER BY turn_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING job_id, attempts"
)
# The lease has counted this try already, unless an earlier step of the same turn has succeeded since.
STEP_FAILED = sa.text(
    "UPDATE platform.job SET lease = NULL, turn_at = clock_timestamp(), attempts = greatest(attempts, 1),"
    " lease_until = clock_timestamp() + make_interval(secs => 0.2 * greatest(attempts, 1))"
    " WHERE job_id = :job_id AND lease = :lease RETURNING attempts"
)


async def run_step(database: Database, registry: Work) -> bool:
    """Lease the job that has waited longest and run its steps for one turn.

    Returns:
        whether there was one.
    """
    if not registry.steps:
        return False
    lease = uuid7()
    async with database.transaction(Actor.system(database.service)) as session:
        leased = await session.execute(
            LEASE_JOB, {"lease": lease, "term": LEASE, "kinds": list(registry.steps)}
        )
        row = leased.one_or_none()
        if row is not None and row.attempts > MAX_TRIES:
            await _give_up(session, row.job_id, WORKER_DIED)
    if row is None:
        return False
    has_lease, until = row.attempts <= MAX_TRIES, time.monotonic() + TURN_SECONDS
    with collection_paused():
        while has_lease:
            try:
                has_lease = await _one_step(database, registry, row.job_id, lease, until)
            except Exception as error:  # noqa: BLE001 (the failure is stored with the job, and the worker continues)
                await _step_failed(database, row.job_id, lease, error)
                return True
    return True


async def _one_step(database: Database, registry: Work, job_id: UUID, lease: UUID, until: float) -> bool:
    """Run one step.

    Returns:
        whether the lease is kept: the job has not ended, and its turn is not over.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        row = await _lock_job(session, job_id, lease)
        if row is None:
            return False
        job = _job_of(row)
        context_of(session).actor = job.actor
        step = Step(finished=True) if row.cancel_requested else await registry.steps[row.kind](session, job)
        await faultpoint(f"job.{row.kind}.before_commit")
        state = "CANCELLED" if row.cancel_requested else "DONE" if step.finished else "RUNNING"
        has_lease = state == "RUNNING" and time.monotonic() < until
        await record_step(session, job.kind, step.done)
        await _write_step(session, job, step, state, has_lease=has_lease)
        await _write_notes(session, job_id, step.notes)
        if await _write_errors(session, job_id, step.errors):
            has_lease = False
            await _give_up(session, job_id, TooManyRefusals(limit=MAX_REFUSALS))
    for result, rows in (("done", step.done), ("refused", step.refused)):
        # A job that starts again counts its rows back, a counter does not.
        telemetry.job_rows.labels(database.service, row.kind, result).inc(max(rows, 0))
    await faultpoint(f"job.{row.kind}.after_commit")
    return has_lease


@contextmanager
def collection_paused() -> Iterator[None]:
    """Collect no garbage in the block. What it releases is freed all the same."""
    # Fast path: a tenth of an intake's time, because what a step builds or reads ahead lives on (bench: intake).
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _lock_job(session: AsyncSession, job_id: UUID, lease: UUID) -> sa.Row[Any] | None:
    table = schema.job
    condition = sa.select(table).where(table.c.job_id == job_id, table.c.lease == lease)
    row = (await session.execute(condition.with_for_update())).one_or_none()
    return row if row is not None and row.state == "RUNNING" else None


def _job_of(row: sa.Row[Any]) -> Job:
    return Job(
        row.job_id,
        row.kind,
        row.params,
        row.place,
        from_json(row.actor),
        row.total,
        row.done,
        row.refused,
        row.report,
    )


async def _write_step(session: AsyncSession, job: Job, step: Step, state: str, *, has_lease: bool) -> None:
    table, now = schema.job, sa.func.clock_timestamp()
    released = {} if has_lease else {"lease": None, "turn_at": now}
    ended = {"ended_at": now} if state != "RUNNING" else {}
    await session.execute(
        sa.update(table)
        .where(table.c.job_id == job.job_id)
        .values(
            state=state,
            done=table.c.done + step.done,
            refused=table.c.refused + step.refused,
            total=step.total if step.total is not None else table.c.total,
            place=step.place or job.place,
            report={**job.report, **step.report},
            lease_until=now + LEASE if has_lease else now,
            attempts=0,
            **released,
            **ended,
        )
    )


async def _write_errors(session: AsyncSession, job_id: UUID, errors: Sequence[RowError]) -> bool:
    """Store row errors up to the job's limit, and return whether there are more."""
    if not errors:
        return False
    room = MAX_REFUSALS - await _count_listed(session, job_id, errors=True)
    await _insert_row_errors(session, job_id, errors[:room])
    return len(errors) > room


async def _write_notes(session: AsyncSession, job_id: UUID, notes: Sequence[RowError]) -> None:
    """Store warnings and changes up to the job's limit."""
    if notes:
        room = max(0, MAX_NOTES - await _count_listed(session, job_id, errors=False))
        await _insert_row_errors(session, job_id, notes[:room])


async def _count_listed(session: AsyncSession, job_id: UUID, *, errors: bool) -> int:
    table = schema.job_row_error.c
    of_kind = table.kind == "ERROR" if errors else table.kind != "ERROR"
    counted = sa.select(sa.func.count()).select_from(schema.job_row_error)
    return await session.scalar(counted.where(table.job_id == job_id, of_kind)) or 0


async def _insert_row_errors(session: AsyncSession, job_id: UUID, errors: Sequence[RowError]) -> None:
    """Insert row errors, numbered after those that an earlier step stored for the same rows."""
    if errors:
        table = schema.job_row_error
        stored = sa.select(table.c.kind, table.c.row, sa.func.max(table.c.number)).where(
            table.c.job_id == job_id, table.c.row.in_({error.row for error in errors})
        )
        numbers = {
            (kind, row): number
            for kind, row, number in await session.execute(stored.group_by(table.c.kind, table.c.row))
        }
        await session.execute(insert(table).on_conflict_do_nothing(), _error_rows(job_id, errors, numbers))


def _error_rows(
    job_id: UUID, errors: Sequence[RowError], numbers: dict[tuple[str, int], int]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for error in errors:
        place = (error.kind, error.row)
        numbers[place] = numbers.get(place, 0) + 1
        rows.append(
            {
                "job_id": job_id,
                "kind": error.kind,
                "row": error.row,
                "number": numbers[place],
                "column": error.column,
                "code": error.code,
                "reason": as_sentences(error.reason),
                "params": dict(error.params),
            }
        )
    return rows


async def _step_failed(database: Database, job_id: UUID, lease: UUID, error: Exception) -> None:
    """Retry in a later turn, or fail the job after five failures in a row."""
    log.warning("step_failed", job_id=str(job_id), error=type(error).__name__)
    async with database.transaction(Actor.system(database.service)) as session:
        attempts = await session.scalar(STEP_FAILED, {"job_id": job_id, "lease": lease})
        if attempts is not None and attempts >= MAX_TRIES:
            await _give_up(session, job_id, error)


async def _give_up(session: AsyncSession, job_id: UUID, error: Exception | str) -> None:
    failed = {
        "state": "FAILED",
        "error": error if isinstance(error, str) else type(error).__name__,
        "reason": as_sentences(failure_words(error, MAX_TRIES)),
        "lease": None,
        "ended_at": sa.func.clock_timestamp(),
    }
    await session.execute(sa.update(schema.job).where(schema.job.c.job_id == job_id).values(**failed))
