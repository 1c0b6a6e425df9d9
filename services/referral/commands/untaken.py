"""What a partner has not taken yet, told to its new address: rujukan, withdrawals and all else, some at a time."""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.notices import ask_telling
from services.referral.commands.sending import ask_sending
from services.referral.models import Notice, PartnerNotice
from shared.jobs import Due, schedule

UNTAKEN = "partner.untaken"
AT_ONCE = 200


async def ask_all_untaken(session: AsyncSession, partner_id: UUID) -> None:
    """Let the worker look through what the partner has not taken; it may be what gathered in days."""
    await schedule(session, UNTAKEN, datetime.now(UTC), subject_id=partner_id, clock="real")


async def ask_untaken(session: AsyncSession, due: Due) -> None:
    """Let the next ones fall due by webhook, oldest first, and go on after them."""
    place = (PartnerNotice.told_at, PartnerNotice.notice_id)
    mine = (PartnerNotice.partner_id == UUID(due.subject_id), PartnerNotice.taken_at.is_(None))
    wanted = sa.select(PartnerNotice).where(*mine).order_by(*place).limit(AT_ONCE)
    if due.payload:
        after = (datetime.fromisoformat(due.payload["told_at"]), UUID(due.payload["notice_id"]))
        wanted = wanted.where(sa.tuple_(*place) > sa.tuple_(*map(sa.literal, after)))
    notices = (await session.scalars(wanted)).all()
    for notice in notices:
        if notice.notice is Notice.RUJUKAN:
            await ask_sending(session, notice.rujukan_program_id)
        else:
            await ask_telling(session, notice.notice_id, notice.partner_id)
    if len(notices) == AT_ONCE:
        last = {"told_at": notices[-1].told_at.isoformat(), "notice_id": str(notices[-1].notice_id)}
        now = datetime.now(UTC)
        await schedule(session, UNTAKEN, now, subject_id=due.subject_id, clock="real", payload=last)
