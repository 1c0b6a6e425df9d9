"""Scheduled tasks of the term: its end, and the first day of the effective tahap."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.term.commands import TAHAP_STARTED, TERM_ENDED, begin_monitoring, take_effect
from shared.jobs import Due, Work, for_subject


async def term_ended(session: AsyncSession, due: Due) -> None:
    """The day after the term: the exit takes effect."""
    settled_on = due.payload.get("settled_on")
    await take_effect(session, UUID(due.subject_id), date.fromisoformat(settled_on) if settled_on else None)


WORK = Work(dues={TERM_ENDED: term_ended, TAHAP_STARTED: for_subject(begin_monitoring)})
