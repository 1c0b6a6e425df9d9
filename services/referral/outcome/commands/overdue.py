"""Reminders before an SLA ends, and the expiry of unanswered offers.

What it approved and does not deliver is reminded of too; it does not run out. Escalations are in `deadline`.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import passed
from services.referral.deadline.models import DeadlineKind
from services.referral.notice.commands import tell_partner
from services.referral.notice.models import REMINDERS, Notice
from services.referral.rujukan.commands import SYSTEM, Move, walk
from services.referral.rujukan.models import (
    TRANSITIONS,
)
from shared import clock
from shared.contracts.kinds import RujukanProgramState
from shared.contracts.referral import RujukanExpired
from shared.messaging import emit


async def remind_partner(session: AsyncSession, subject: UUID) -> None:
    """Remind the partner that its SLA ends soon, to answer or to deliver, if it is still its turn."""
    row = await passed(session, subject, DeadlineKind.REMINDER)
    if row is None or row.sla_due_on is None:
        return
    for reminder, turn in REMINDERS.items():
        if row.state in turn:
            await tell_partner(session, row, reminder, row.sla_due_on)


async def expire(session: AsyncSession, subject: UUID) -> None:
    """Let the offer run out; the family's identity goes with it, and the partner is told."""
    row = await passed(session, subject, DeadlineKind.EXPIRY)
    if row is None or RujukanProgramState.KEDALUWARSA not in TRANSITIONS[row.state]:
        return
    today = await clock.today(session)
    await walk(session, row, RujukanProgramState.KEDALUWARSA, Move(SYSTEM, today, "its term has passed"))
    emit(session, RujukanExpired.of(row, status=row.state, expired_on=today))
    await tell_partner(session, row, Notice.KEDALUWARSA, today)
