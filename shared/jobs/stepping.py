"""Long work in leased, resumable steps: a step, its progress and its events commit together."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import schema, telemetry
from shared.access import Actor
from shared.database import Database
from shared.faults import faultpoint
from shared.jobs.asking import from_json
from shared.jobs.kinds import LEASE, Job, RowError, Step, Work
from shared.jobs.telling import as_sentences, why_it_ended

MOST_TRIES = 5
WORKER_DIED = "WorkerDied"
"""What a job shows whose steps killed so many workers in a row, or outlived their leases; none of them was finished."""
log = structlog.get_logger()

LEASE_JOB = sa.text(
    "UPDATE platform.job SET state = 'RUNNING', lease = :lease, lease_until = clock_timestamp() + :term,"
    " started_at = coalesce(started_at, clock_timestamp()), attempts = attempts + 1"
    " WHERE job_id = (SELECT job_id FROM platform.job WHERE kind = ANY(:kinds) AND (state = 'QUEUED'"
    " OR (state = 'RUNNING' AND lease_until < clock_timestamp())) ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING job_id, attempts"
)


async def run_step(database: Database, todo: Work) -> bool:
    """Lease one job and run its steps until it ends or the lease is lost. Returns whether there was one."""
    if not todo.steps:
        return False
    lease = uuid7()
    async with database.transaction(Actor.system(database.service)) as session:
        found = await session.execute(LEASE_JOB, {"lease": lease, "term": LEASE, "kinds": list(todo.steps)})
        row = found.one_or_none()
        if row is not None and row.attempts > MOST_TRIES:
            await _give_up(session, row.job_id, WORKER_DIED)
    if row is None:
        return False
    going = row.attempts <= MOST_TRIES
    while going:
        try:
            going = await _one_step(database, todo, row.job_id, lease)
        except Exception as error:  # noqa: BLE001 (a step that fails for good is told; the worker goes on)
            going = await _step_failed(database, row.job_id, lease, error)
    return True


async def _one_step(database: Database, todo: Work, job_id: UUID, lease: UUID) -> bool:
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.job
        row = (
            await session.execute(
                sa.select(table).where(table.c.job_id == job_id, table.c.lease == lease).with_for_update()
            )
        ).one_or_none()
        if row is None or row.state != "RUNNING":
            return False
        job = Job(
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
        session.info["actor"] = job.actor
        step = Step(finished=True) if row.cancel_asked else await todo.steps[row.kind](session, job)
        await faultpoint(f"job.{row.kind}.before_commit")
        state = "CANCELLED" if row.cancel_asked else "DONE" if step.finished else "RUNNING"
        await _write_step(session, job, step, state)
    for result, rows in (("done", step.done), ("refused", step.refused)):
        telemetry.job_rows.labels(database.service, row.kind, result).inc(rows)
    await faultpoint(f"job.{row.kind}.after_commit")
    return state == "RUNNING"


async def _write_step(session: AsyncSession, job: Job, step: Step, state: str) -> None:
    table = schema.job
    ended = {"ended_at": sa.func.clock_timestamp(), "lease": None} if state != "RUNNING" else {}
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
            lease_until=sa.func.clock_timestamp() + LEASE,
            attempts=0,
            **ended,
        )
    )
    if step.errors:
        await _write_errors(session, job.job_id, step.errors)


async def _write_errors(session: AsyncSession, job_id: UUID, errors: Sequence[RowError]) -> None:
    numbers: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    for error in errors:
        numbers[error.row] = numbers.get(error.row, 0) + 1
        rows.append(
            {
                "job_id": job_id,
                "row": error.row,
                "number": numbers[error.row],
                "column": error.column,
                "code": error.code,
                "reason": as_sentences(error.reason),
                "params": dict(error.params),
            }
        )
    await session.execute(insert(schema.job_row_error).on_conflict_do_nothing(), rows)


async def _step_failed(database: Database, job_id: UUID, lease: UUID, error: Exception) -> bool:
    """Try again a little later; after five failures in a row the job FAILS, with the error's class and what to do."""
    log.warning("step_failed", job_id=str(job_id), error=type(error).__name__)
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.job
        mine = sa.and_(table.c.job_id == job_id, table.c.lease == lease)
        attempts = await session.scalar(
            sa.update(table).where(mine).values(attempts=table.c.attempts + 1).returning(table.c.attempts)
        )
        if attempts is None:
            return False
        if attempts > MOST_TRIES:
            await _give_up(session, job_id, error)
            return False
    await asyncio.sleep(0.2 * attempts)
    return True


async def _give_up(session: AsyncSession, job_id: UUID, error: Exception | str) -> None:
    """What was done stays told; the row was locked by the statement before."""
    failed = {
        "state": "FAILED",
        "error": error if isinstance(error, str) else type(error).__name__,
        "reason": as_sentences(why_it_ended(error, MOST_TRIES)),
        "lease": None,
        "ended_at": sa.func.clock_timestamp(),
    }
    await session.execute(sa.update(schema.job).where(schema.job.c.job_id == job_id).values(**failed))
