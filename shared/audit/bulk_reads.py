"""Reports accounts that read very many families within an hour."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import schema
from shared.access import Actor
from shared.access.actor import SYSTEM
from shared.audit.tables import audit_entry, bulk_read, bulk_read_limit
from shared.database import Database
from shared.jobs import ScheduledTask, Work, schedule

KIND = "bulk_read.report"
EVERY = timedelta(minutes=5)
log = structlog.get_logger()
Read = tuple[datetime, Sequence[UUID]]


class Window(NamedTuple):
    """The window in which an account read most families."""

    families: int
    first_at: datetime
    last_at: datetime


def register(work: Work) -> None:
    """Register the report of bulk reads with a worker."""
    work.scheduled_tasks.setdefault(KIND, report_bulk_reads)


async def schedule_now(database: Database) -> None:
    """Schedule the report of bulk reads, at each start of a worker.

    One that is due already stays at its time, from which it reads what came while no worker ran.
    """
    task = schema.scheduled_task.c
    async with database.transaction(Actor.system(database.service)) as session:
        due_at = await session.scalar(sa.select(task.due_at).where(task.kind == KIND, task.done_at.is_(None)))
        at = min(due_at or datetime.max.replace(tzinfo=UTC), datetime.now(UTC))
        await schedule(session, KIND, at, subject_id=database.service, clock="real")


async def report_bulk_reads(session: AsyncSession, due: ScheduledTask) -> None:
    """Store each account that passed the limit, and again when its reads double."""
    columns = audit_entry.c
    limit = (await session.execute(sa.select(bulk_read_limit))).one()
    length = timedelta(minutes=limit.minutes)
    # A service that sends rujukan by itself discloses many families.
    recent = (
        columns.at > due.due_at - EVERY - length,
        columns.outcome == "READ",
        ~columns.actor.startswith(SYSTEM),
    )
    many = sa.func.sum(columns.subject_count) >= limit.families
    actors = await session.scalars(
        sa.select(columns.actor).where(*recent).group_by(columns.actor).having(many)
    )
    for actor in actors.all():
        reads = sa.select(columns.at, columns.subject_ids).where(*recent, columns.actor == actor)
        rows = (await session.execute(reads.order_by(columns.at, columns.audit_id))).all()
        window = find_largest_window([(row.at, row.subject_ids) for row in rows], length)
        if window.families >= limit.families:
            await _report(session, actor, window)
    await schedule(session, KIND, datetime.now(UTC) + EVERY, subject_id=due.subject_id, clock="real")


def find_largest_window(reads: Iterable[Read], length: timedelta) -> Window:
    """Return the window of this length with most distinct families.

    `reads` are in order of time.
    """
    inside: deque[Read] = deque()
    counts: Counter[UUID] = Counter()
    largest = Window(0, datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
    for read in reads:
        inside.append(read)
        counts.update(read[1])
        while inside[0][0] <= read[0] - length:
            for subject_id in inside.popleft()[1]:
                counts[subject_id] -= 1
                if not counts[subject_id]:
                    del counts[subject_id]
        if len(counts) > largest.families:
            largest = Window(len(counts), inside[0][0], read[0])
    return largest


async def _report(session: AsyncSession, actor: str, window: Window) -> None:
    overlapping = sa.select(sa.func.max(bulk_read.c.families)).where(
        bulk_read.c.actor == actor, bulk_read.c.last_at >= window.first_at
    )
    if window.families < 2 * (await session.scalar(overlapping) or 0):
        return
    await session.execute(sa.insert(bulk_read).values(bulk_read_id=uuid7(), actor=actor, **window._asdict()))
    log.warning("bulk_read", actor=actor, families=window.families)
