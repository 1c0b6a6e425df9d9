"""Graduation's long work, and what falls due: an SK of many cases, the ends of terms, the starts of tahap."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.commands import (
    TAHAP_STARTED,
    TERM_ENDED,
    begin_monitoring,
    put_cases_in,
    take_effect,
)
from services.graduation.commands.decree import KIND as SK_BULK
from shared.jobs import Due, Job, Step, Work

WORK = Work()


@WORK.step(SK_BULK)
async def determine_many(session: AsyncSession, job: Job) -> Step:
    """The next cases of an SK; each step is whole, and what a dead worker left is gone on with."""
    return await put_cases_in(session, job)


@WORK.due(TERM_ENDED)
async def term_ended(session: AsyncSession, due: Due) -> None:
    """The day after the term: the exit takes effect."""
    settled_on = due.payload.get("settled_on")
    await take_effect(session, UUID(due.subject_id), date.fromisoformat(settled_on) if settled_on else None)


@WORK.due(TAHAP_STARTED)
async def tahap_started(session: AsyncSession, due: Due) -> None:
    """The first day of the effective tahap: the monitoring begins."""
    await begin_monitoring(session, UUID(due.subject_id))
