"""Registration of the scheduled tasks at the term's end and the tahap's start."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.term.commands import END_TERM, START_MONITORING, start_monitoring, take_effect
from shared.jobs import ScheduledTask, Work, for_subject


async def end_term(session: AsyncSession, due: ScheduledTask) -> None:
    """Move a case to EFEKTIF after its objection term.

    Runs on the day after the term. The exit takes effect with the tahap that it sets.
    """
    settled_on = due.payload.get("settled_on")
    await take_effect(session, UUID(due.subject_id), date.fromisoformat(settled_on) if settled_on else None)


WORK = Work(scheduled_tasks={END_TERM: end_term, START_MONITORING: for_subject(start_monitoring)})
