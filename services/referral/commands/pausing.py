"""A sanggah that suspends: nothing is sent and deadlines stand still, until it is refused; accepted, all is taken back."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.deadlines import fall_due
from services.referral.commands.notices import ask_telling
from services.referral.commands.sending import ask_all
from services.referral.models import REMINDERS, Deadline, PartnerNotice, Pause, Rujukan, RujukanProgram
from shared import clock


async def pause_rujukan(session: AsyncSession, rujukan: Rujukan, sanggah_id: UUID) -> None:
    """Hold the case for this sanggah; heard again, nothing changes, whatever has come of the sanggah since."""
    new = insert_into(Pause).values(
        sanggah_id=sanggah_id, rujukan_id=rujukan.rujukan_id, paused_on=await clock.today(session)
    )
    held = await session.scalar(new.on_conflict_do_nothing().returning(Pause.sanggah_id))
    if held is not None:
        rujukan.paused = True
        rujukan.version += 1


async def hold_like(session: AsyncSession, first: Rujukan, other: Rujukan) -> None:
    """Hold a case that opens while the first of its graduation is held, for the same sanggah, so that they let both go."""
    wanted = sa.select(Pause.sanggah_id).where(
        Pause.rujukan_id == first.rujukan_id, Pause.resumed_on.is_(None)
    )
    for sanggah_id in (await session.scalars(wanted)).all():
        await pause_rujukan(session, other, sanggah_id)


async def resume_rujukan(session: AsyncSession, rujukan: Rujukan, sanggah_id: UUID) -> None:
    """Let the case go on, unless another sanggah holds it; each deadline gains the days that it stood still."""
    mine = await session.get(Pause, (sanggah_id, rujukan.rujukan_id))
    if mine is None or mine.resumed_on is not None:
        return
    today = await clock.today(session)
    mine.resumed_on = today
    await session.flush()
    others = sa.select(sa.func.min(Pause.paused_on)).where(
        Pause.rujukan_id == rujukan.rujukan_id, Pause.resumed_on.is_(None)
    )
    held_since = await session.scalar(others)
    rujukan.paused = held_since is not None
    rujukan.version += 1
    await session.flush()
    await _shift(session, rujukan, mine.paused_on, min(today, held_since or today))
    if not rujukan.paused:
        await _go_on(session, rujukan)


async def _shift(session: AsyncSession, rujukan: Rujukan, begun: date, ended: date) -> None:
    """Move what has not passed by the days between, or by those since it was set, if it was set meanwhile."""
    rows = await session.execute(
        sa.select(Deadline, RujukanProgram)
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == Deadline.rujukan_program_id)
        .where(RujukanProgram.rujukan_id == rujukan.rujukan_id, Deadline.passed_on.is_(None))
        .order_by(Deadline.rujukan_program_id, Deadline.kind)
        .with_for_update(of=Deadline)
    )
    moved: set[UUID] = set()
    for deadline, row in rows:
        still = max(timedelta(), ended - max(begun, deadline.started_on))
        deadline.due_on += still
        if row.sla_due_on is not None and row.rujukan_program_id not in moved:
            row.sla_due_on += still
            moved.add(row.rujukan_program_id)
        if not rujukan.paused:
            await fall_due(session, deadline.rujukan_program_id, deadline.kind, deadline.due_on)


async def _go_on(session: AsyncSession, rujukan: Rujukan) -> None:
    """Ask again for what was held: sendings, and reminders that were not taken."""
    await ask_all(session, rujukan.rujukan_id)
    mine = sa.select(RujukanProgram.rujukan_program_id).where(RujukanProgram.rujukan_id == rujukan.rujukan_id)
    reminders = sa.select(PartnerNotice).where(
        PartnerNotice.rujukan_program_id.in_(mine),
        PartnerNotice.notice.in_(REMINDERS),
        PartnerNotice.taken_at.is_(None),
    )
    for notice in await session.scalars(reminders):
        await ask_telling(session, notice.notice_id, notice.partner_id)
