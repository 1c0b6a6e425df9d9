"""Schedule tasks on the business clock or the real clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import schema


async def schedule(
    session: AsyncSession,
    kind: str,
    due_at: datetime,
    *,
    subject_id: object,
    clock: Literal["business", "real"] = "business",
    payload: Mapping[str, Any] | None = None,
    lane: str | None = None,
) -> None:
    """Schedule a task of `kind` for a subject.

    The tasks of one `lane` run one at a time, by time. A task that is scheduled again moves, and is open
    again.
    """
    row = _due(kind, subject_id, due_at, clock=clock, payload=payload, lane=lane)
    await session.execute(_upsert(), row)


async def schedule_many(
    session: AsyncSession,
    kind: str,
    due: Mapping[object, datetime],
    *,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Schedule `kind` on the business clock for many subjects, each at its instant."""
    rows = [_due(kind, subject_id, due_at, payload=payload) for subject_id, due_at in due.items()]
    if rows:
        await session.execute(_upsert(), rows)


def _due(
    kind: str,
    subject_id: object,
    due_at: datetime,
    *,
    clock: Literal["business", "real"] = "business",
    payload: Mapping[str, Any] | None = None,
    lane: str | None = None,
) -> dict[str, Any]:
    return {
        "scheduled_task_id": uuid7(),
        "kind": kind,
        "subject_id": str(subject_id),
        "clock": clock,
        "due_at": due_at,
        "payload": dict(payload or {}),
        "lane": lane,
    }


def _upsert() -> Insert:
    row = insert(schema.scheduled_task)
    moved = {name: row.excluded[name] for name in ("due_at", "payload", "clock", "lane")}
    return row.on_conflict_do_update(
        index_elements=["kind", "subject_id"],
        set_={**moved, "done_at": None, "attempts": 0, "error": None, "lease": None, "lease_until": None},
    )


async def unschedule(
    session: AsyncSession, kind: str, subject_id: object, *, until: str | None = None
) -> None:
    """Cancel a scheduled task that has not run, or all of subjects up to `until`."""
    table = schema.scheduled_task
    of_subject = table.c.subject_id == str(subject_id)
    if until is not None:
        subject = table.c.subject_id.collate("C")
        of_subject = sa.and_(subject >= str(subject_id), subject <= until)
    await session.execute(
        sa.update(table)
        .where(table.c.kind == kind, of_subject, table.c.done_at.is_(None))
        .values(done_at=sa.func.clock_timestamp())
    )


async def move_lane(session: AsyncSession, lane: str, due_at: datetime) -> None:
    """Move all open tasks of a lane to an instant, in one statement."""
    table = schema.scheduled_task
    condition = (table.c.lane == lane, table.c.done_at.is_(None), table.c.lease.is_(None))
    await session.execute(sa.update(table).where(*condition).values(due_at=due_at))
