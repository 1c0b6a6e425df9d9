"""Run scheduled tasks once each. A failed one is retried with backoff, without a limit."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from uuid_utils.compat import uuid7

from shared import clock, schema
from shared.access import Actor
from shared.database import Database
from shared.faults import faultpoint
from shared.jobs.kinds import LEASE, ExternalCall, ScheduledTask, Work

MAX_BACKOFF_SECONDS = 3600
log = structlog.get_logger()

LEASE_TASK = sa.text(
    "UPDATE platform.scheduled_task SET lease = :lease, lease_until = clock_timestamp() + :term"
    " WHERE scheduled_task_id = (SELECT scheduled_task_id FROM platform.scheduled_task WHERE done_at IS NULL AND kind = ANY(:kinds)"
    " AND (lease_until IS NULL OR lease_until < clock_timestamp())"
    " AND (lane IS NULL OR lane NOT IN (SELECT busy.lane FROM platform.scheduled_task busy WHERE busy.done_at IS NULL"
    " AND busy.lane IS NOT NULL AND busy.lease IS NOT NULL AND busy.lease_until > clock_timestamp()))"
    " AND ((clock = 'real' AND due_at <= clock_timestamp()) OR (clock = 'business' AND due_at <= :now))"
    " ORDER BY due_at, scheduled_task_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING scheduled_task_id, kind, subject_id, due_at, payload, attempts"
)


# Two workers that lease at the same time do not see each other's lease, and could both run a task of one lane.
LOCK_LANES = sa.text("SELECT pg_advisory_xact_lock(hashtext('pilar lanes'))")


async def run_scheduled_task(
    database: Database, registry: Work, kinds: Collection[str] | None = None
) -> bool:
    """Run one task that is due, of the given kinds or of all.

    Returns:
        whether there was one.
    """
    kinds_to_run = [
        kind for kind in (*registry.scheduled_tasks, *registry.calls) if kinds is None or kind in kinds
    ]
    if not kinds_to_run:
        return False
    lease = uuid7()
    due = await _lease(database, registry, kinds_to_run, lease)
    if due is None:
        return False
    external = registry.calls.get(due.kind)
    try:
        result = await _call(database, due, lease, external) if external else None
        await _run_task(database, registry, due, lease, external, result)
    except Exception as error:  # noqa: BLE001 (any failure is retried with backoff, and other tasks continue)
        await _task_failed(database, due, lease, error)
    return True


async def _lease(
    database: Database, registry: Work, kinds_to_run: list[str], lease: UUID
) -> ScheduledTask | None:
    async with database.transaction(Actor.system(database.service)) as session:
        now = await clock.now(session)
        if not registry.calls.keys().isdisjoint(kinds_to_run):
            await session.execute(LOCK_LANES)
        leased = await session.execute(
            LEASE_TASK, {"lease": lease, "term": LEASE, "kinds": kinds_to_run, "now": now}
        )
        row = leased.one_or_none()
    if row is None:
        return None
    return ScheduledTask(
        row.scheduled_task_id, row.kind, row.subject_id, row.due_at, row.payload, row.attempts
    )


async def _call(database: Database, due: ScheduledTask, lease: UUID, external: ExternalCall) -> Any:
    """Prepare an external call in a transaction of its own, and perform it after that.

    A failure to prepare then fails this task alone.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.scheduled_task
        condition = sa.select(table.c.scheduled_task_id).where(_is_leased(due, lease))
        leased = (await session.execute(condition)).one_or_none()
        prepared = await external.prepare(session, due) if leased else None
    return await external.perform(prepared) if prepared is not None else None


def _is_leased(due: ScheduledTask, lease: UUID) -> sa.ColumnElement[bool]:
    table = schema.scheduled_task
    return sa.and_(
        table.c.scheduled_task_id == due.scheduled_task_id, table.c.lease == lease, table.c.done_at.is_(None)
    )


async def _run_task(
    database: Database,
    registry: Work,
    due: ScheduledTask,
    lease: UUID,
    external: ExternalCall | None,
    result: Any,
) -> None:
    table = schema.scheduled_task
    async with database.transaction(Actor.system(database.service)) as session:
        # Closed before the handler runs, because a handler that schedules the same task opens it again.
        closing = sa.update(table).where(_is_leased(due, lease)).returning(table.c.scheduled_task_id)
        ended = closing.values(done_at=sa.func.clock_timestamp(), lease=None)
        moved = (await session.execute(ended)).one_or_none() is None
        if moved and (external is None or result is None):
            return
        # A call that was made is recorded even if its task was moved or cancelled meanwhile.
        due = replace(due, moved=moved)
        await (
            external.record(session, due, result)
            if external
            else registry.scheduled_tasks[due.kind](session, due)
        )
        await faultpoint(f"due.{due.kind}.before_commit")


async def _task_failed(database: Database, due: ScheduledTask, lease: UUID, error: Exception) -> None:
    """Retry later, with backoff, and without a limit."""
    log.warning("due_failed", kind=due.kind, subject_id=due.subject_id, error=type(error).__name__)
    wait = timedelta(seconds=min(MAX_BACKOFF_SECONDS, 2 ** min(due.attempts, 12)))
    async with database.transaction(Actor.system(database.service)) as session:
        table = schema.scheduled_task
        await session.execute(
            sa.update(table)
            .where(table.c.scheduled_task_id == due.scheduled_task_id, table.c.lease == lease)
            .values(
                attempts=table.c.attempts + 1,
                error=type(error).__name__,
                lease=None,
                lease_until=sa.func.clock_timestamp() + wait,
            )
        )
