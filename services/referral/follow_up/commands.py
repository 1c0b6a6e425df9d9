"""What is to be seen after a delivery, and when: a task for each month that the rule names, and the end of it all."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import term_of
from services.referral.follow_up.models import OutcomeRule, OutcomeTask
from services.referral.rujukan.commands import SYSTEM, Move, walk
from services.referral.rujukan.models import Rujukan, RujukanProgram
from shared import clock
from shared.contracts.kinds import RujukanProgramState
from shared.database import load
from shared.dates import midnight, months_after
from shared.jobs import schedule
from shared.validity import holds_on

FINISHING = "rujukan.finish"


async def open_tasks(session: AsyncSession, row: RujukanProgram, delivered_on: date) -> None:
    """Let each outcome fall due so many months after the delivery, and the aid's end some time after the last."""
    about = ("rujukan_program_id", "kpm_id", "program_code", "kode_wilayah")
    months = await _months_of(session, row.rujukan_id)
    for month in months:
        due_on = months_after(delivered_on, month)
        task = OutcomeTask(month=month, due_on=due_on, **{name: getattr(row, name) for name in about})
        session.add(task)
    term = await term_of(session, row.program_code, await clock.today(session))
    last = months_after(delivered_on, max(months)) + timedelta(days=term.close_after_days)
    await schedule(session, FINISHING, midnight(last), subject_id=row.rujukan_program_id)


async def _months_of(session: AsyncSession, rujukan_id: UUID) -> list[int]:
    """The months that were asked for on the day on which the rujukan opened."""
    opened_on = sa.select(Rujukan.opened_on).where(Rujukan.rujukan_id == rujukan_id).scalar_subquery()
    holds = holds_on(OutcomeRule.valid_from, OutcomeRule.valid_to, opened_on)
    return (await session.scalars(sa.select(OutcomeRule.months).where(holds))).one()


async def close_tasks(
    session: AsyncSession, rujukan_program_id: UUID, on: date, month: int | None = None
) -> None:
    """Close the task of a month, or all that are left."""
    mine = [OutcomeTask.rujukan_program_id == rujukan_program_id, OutcomeTask.closed_on.is_(None)]
    if month is not None:
        mine.append(OutcomeTask.month == month)
    await session.execute(sa.update(OutcomeTask).where(*mine).values(closed_on=on))


async def finish_aid(session: AsyncSession, rujukan_program_id: UUID) -> None:
    """End an aid long delivered whose last outcome nobody has recorded; an outcome typed in late is still taken."""
    row = await load(session, RujukanProgram, rujukan_program_id)
    if row.state is RujukanProgramState.DISALURKAN:
        today = await clock.today(session)
        await walk(session, row, RujukanProgramState.TUTUP, Move(SYSTEM, today, "its time has passed"))
