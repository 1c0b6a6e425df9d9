"""Outcome tasks after a delivery, and the end of the aid."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import read_term
from services.referral.follow_up.models import Outcome, OutcomeRule, OutcomeTask
from services.referral.rujukan.commands import SYSTEM, Move, move_rujukan_program
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanProgramHistory
from services.referral.tables import MoveReason
from shared import clock
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.dates import midnight, months_after
from shared.jobs import schedule
from shared.validity import valid_on

FINISH_AID = "rujukan.finish_aid"


async def open_tasks(session: AsyncSession, row: RujukanProgram, delivered_on: date) -> None:
    """Create the outcome tasks of a delivered aid, and schedule its end.

    Each month of the rule gives a task that many months after the delivery. The aid ends `close_after_days` days after
    the last one, or after the offer was opened again.
    """
    names = ("rujukan_program_id", "kpm_id", "program_code", "kode_wilayah")
    months = await _read_months(session, row.rujukan_id)
    for month in months:
        due_on = months_after(delivered_on, month)
        task = OutcomeTask(month=month, due_on=due_on, **{name: getattr(row, name) for name in names})
        await session.merge(task)  # a voided delivery has left a closed one
    await _schedule_end(session, row, delivered_on, max(months))


async def reopen_task(session: AsyncSession, row: RujukanProgram, month: int) -> None:
    """Open the task of a month again, because its outcome was voided."""
    task = await session.get_one(OutcomeTask, (row.rujukan_program_id, month))
    task.closed_on, task.kode_wilayah = None, row.kode_wilayah
    await session.flush()
    if row.delivered_on is not None:
        await move_tasks(session, row, row.delivered_on)


async def _schedule_end(session: AsyncSession, row: RujukanProgram, delivered_on: date, month: int) -> None:
    term = await read_term(session, row.program_code, await clock.today(session))
    # An offer that a void has opened again stays open as long as after its last month.
    moves = sa.select(sa.func.max(RujukanProgramHistory.on)).where(
        RujukanProgramHistory.rujukan_program_id == row.rujukan_program_id
    )
    moved_on = await session.scalar(moves) or delivered_on
    ends_on = max(months_after(delivered_on, month), moved_on) + timedelta(days=term.close_after_days)
    await schedule(session, FINISH_AID, midnight(ends_on), subject_id=row.rujukan_program_id)


async def move_tasks(session: AsyncSession, row: RujukanProgram, delivered_on: date) -> None:
    """Move outcome tasks and the end of the aid to another delivery day."""
    own = sa.select(OutcomeTask).where(OutcomeTask.rujukan_program_id == row.rujukan_program_id)
    tasks = (await session.scalars(own.order_by(OutcomeTask.month).with_for_update())).all()
    for task in tasks:
        task.due_on = months_after(delivered_on, task.month)
    if tasks and row.state is RujukanProgramState.DISALURKAN:
        await _schedule_end(session, row, delivered_on, tasks[-1].month)


async def _read_months(session: AsyncSession, rujukan_id: UUID) -> list[int]:
    """Return the months of the rule that applies to the rujukan."""
    opened_on = sa.select(Rujukan.opened_on).where(Rujukan.rujukan_id == rujukan_id).scalar_subquery()
    in_force = valid_on(OutcomeRule.valid_from, OutcomeRule.valid_to, opened_on)
    return (await session.scalars(sa.select(OutcomeRule.months).where(in_force))).one()


async def close_tasks(
    session: AsyncSession, rujukan_program_id: UUID, on: date, month: int | None = None
) -> None:
    """Close the task of a month, or all open tasks."""
    conditions = [OutcomeTask.rujukan_program_id == rujukan_program_id, OutcomeTask.closed_on.is_(None)]
    if month is not None:
        conditions.append(OutcomeTask.month == month)
    await session.execute(sa.update(OutcomeTask).where(*conditions).values(closed_on=on))


async def close_family_tasks(session: AsyncSession, kpm_id: UUID, on: date) -> None:
    """Close the outcome tasks of a family that has ended, as nobody can record them."""
    is_open = (OutcomeTask.kpm_id == kpm_id, OutcomeTask.closed_on.is_(None))
    await session.execute(sa.update(OutcomeTask).where(*is_open).values(closed_on=on))


async def reopen_family_tasks(session: AsyncSession, kpm_id: UUID) -> None:
    """Open the outcome tasks again that the wrong end of a family has closed."""
    delivered = sa.select(RujukanProgram.rujukan_program_id).where(
        RujukanProgram.kpm_id == kpm_id, RujukanProgram.state == RujukanProgramState.DISALURKAN
    )
    recorded = sa.exists().where(
        Outcome.rujukan_program_id == OutcomeTask.rujukan_program_id, Outcome.month == OutcomeTask.month
    )
    of_family = (OutcomeTask.rujukan_program_id.in_(delivered), OutcomeTask.closed_on.is_not(None), ~recorded)
    await session.execute(sa.update(OutcomeTask).where(*of_family).values(closed_on=None))


async def finish_aid(session: AsyncSession, rujukan_program_id: UUID) -> None:
    """End a delivered aid whose last outcome was not recorded.

    A late outcome is still accepted.
    """
    row = await load(session, RujukanProgram, rujukan_program_id)
    if row.state is RujukanProgramState.DISALURKAN:
        today = await clock.today(session)
        await move_rujukan_program(
            session, row, RujukanProgramState.TUTUP, Move(SYSTEM, today, MoveReason.BATAS_WAKTU)
        )
        await close_tasks(session, rujukan_program_id, today)
