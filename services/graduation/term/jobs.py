from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.term.commands import TAHAP_STARTED, TERM_ENDED, begin_monitoring, take_effect
from shared.jobs import Due, Work


async def term_ended(session: AsyncSession, due: Due) -> None:
    """The day after the term: the exit takes effect."""
    settled_on = due.payload.get("settled_on")
    await take_effect(session, UUID(due.subject_id), date.fromisoformat(settled_on) if settled_on else None)


async def tahap_started(session: AsyncSession, due: Due) -> None:
    """The first day of the effective tahap: the monitoring begins."""
    await begin_monitoring(session, UUID(due.subject_id))


WORK = Work(dues={TERM_ENDED: term_ended, TAHAP_STARTED: tahap_started})
