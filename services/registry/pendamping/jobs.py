"""Scheduled task that lets a status take effect on its day."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.pendamping.commands.status import START_STATUS, apply_statuses
from services.registry.pendamping.models import Pendamping
from shared import clock
from shared.database import load
from shared.jobs import ScheduledTask, Work


async def start_status(session: AsyncSession, due: ScheduledTask) -> None:
    """Let the statuses of a pendamping whose day has come take effect."""
    row = await load(session, Pendamping, UUID(due.payload["pendamping_id"]))
    await apply_statuses(session, row, await clock.today(session))


WORK = Work(scheduled_tasks={START_STATUS: start_status})
