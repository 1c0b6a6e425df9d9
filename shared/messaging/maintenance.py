"""A service's own maintenance: outbox partitions ahead, and removal of what has expired."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.access import Actor
from shared.database import Database
from shared.events import SEALED_RETENTION, SEALED_TOPIC

if TYPE_CHECKING:
    from shared.jobs import ScheduledTask, Work

EVERY = timedelta(hours=6)
KIND = "platform.maintain"


def register(work: "Work") -> None:
    """Register the maintenance task with the worker."""
    work.scheduled_tasks.setdefault(KIND, run_maintenance)


async def schedule_now(database: Database) -> None:
    """Schedule the maintenance for now, at each start of a worker."""
    from shared.jobs import schedule

    async with database.transaction(Actor.system(database.service)) as session:
        await schedule(session, KIND, datetime.now(UTC), subject_id=database.service, clock="real")


async def run_maintenance(session: AsyncSession, due: "ScheduledTask") -> None:
    """Create the coming partitions. Delete expired answers, sealed bodies and row errors."""
    from shared.jobs import expire_row_errors, schedule

    months = schema.months_from(datetime.now(UTC), schema.MONTHS_AHEAD + 2)
    for first, following in pairwise(months):
        await session.execute(
            sa.text("SELECT platform.make_month(:first, :following)"),
            {"first": first.date(), "following": following.date()},
        )
    answers: Any = schema.idempotency
    await session.execute(sa.delete(answers).where(answers.c.expires_at < sa.func.clock_timestamp()))
    outbox: Any = schema.outbox
    old = datetime.now(UTC) - SEALED_RETENTION
    sealed = (outbox.c.topic == SEALED_TOPIC, outbox.c.recorded_at < old, outbox.c.body.is_not(None))
    await session.execute(sa.update(outbox).where(*sealed).values(body=None))
    wait = timedelta() if await expire_row_errors(session) else EVERY
    await schedule(session, KIND, datetime.now(UTC) + wait, subject_id=due.subject_id, clock="real")
