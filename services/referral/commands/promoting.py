"""The waiting list, in its order: who can go on goes on, when a place is freed, a quota begins or an intake opens."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.moves import SYSTEM, Move, walk
from services.referral.commands.places import PROMOTING, holds_on, intake_open, seek_place
from services.referral.commands.sending import ask_sending
from services.referral.models import ProgramQuota, RujukanProgram, Waiting, WaitingReason
from shared import clock
from shared.contracts.kinds import RujukanProgramState
from shared.jobs import Due, schedule

AT_ONCE = 50
AGAIN = timedelta(seconds=1)


async def promote(session: AsyncSession, due: Due) -> None:
    """Let those who wait for a program go on, first come first; those whose own area is full do not hold up others.

    `opened` in the payload: an intake has opened, and with it the turn of those on the partner's own list comes again.
    """
    code, after = due.payload["code"], due.payload.get("after", 0)
    numbers = await _who_may(session, code, after)
    skipped = await _each(session, numbers, opened=bool(due.payload.get("opened")))
    if skipped or len(numbers) == AT_ONCE:
        following = {**due.payload, "after": after if skipped else numbers[-1]}
        wait = AGAIN if skipped else timedelta()
        await schedule(
            session,
            PROMOTING,
            datetime.now(UTC) + wait,
            subject_id=due.subject_id,
            clock="real",
            payload=following,
        )


async def _who_may(session: AsyncSession, code: str, after: int) -> Sequence[int]:
    """Return the next lines; who waits for a quota that is still full is passed over at no cost."""
    here = (ProgramQuota.quota_id == Waiting.quota_id, ProgramQuota.taken >= ProgramQuota.places)
    holds = holds_on(await clock.today(session), ProgramQuota.valid_from, ProgramQuota.valid_to)
    full = sa.select(ProgramQuota.quota_id).where(*here, holds).exists()
    mine = (Waiting.program_code == code, Waiting.left_on.is_(None), Waiting.number > after)
    wanted = sa.select(Waiting.number).where(*mine, ~full).order_by(Waiting.number).limit(AT_ONCE)
    return (await session.scalars(wanted)).all()


async def _each(session: AsyncSession, numbers: Sequence[int], *, opened: bool) -> bool:
    """Promote these in order; return whether somebody else was at work on one of them, which is not waited for."""
    lines = (
        sa.select(Waiting, RujukanProgram)
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == Waiting.rujukan_program_id)
        .where(Waiting.number.in_(numbers))
        .order_by(Waiting.number)
        .with_for_update(of=RujukanProgram, key_share=True, skip_locked=True)
    )
    today, met = await clock.today(session), 0
    for waiting, row in await session.execute(lines, execution_options={"populate_existing": True}):
        met += 1
        if waiting.left_on is None:
            await _promote(session, waiting, row, today, opened=opened)
    return met < len(numbers)


async def _promote(
    session: AsyncSession, waiting: Waiting, row: RujukanProgram, today: date, *, opened: bool
) -> None:
    if waiting.reason is not WaitingReason.DAFTAR_MITRA:
        if await seek_place(session, row, today, in_turn=True):
            await ask_sending(session, row.rujukan_program_id)
    elif opened and await intake_open(session, row.program_code, today):
        move = Move(SYSTEM, today, "the program's intake has opened")
        await walk(session, row, RujukanProgramState.DIPROSES, move)
