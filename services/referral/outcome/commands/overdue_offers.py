"""Remind partners before an SLA ends, and expire unanswered offers.

Late deliveries are reminded of too, and do not expire. Escalations are in `deadline`.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import mark_passed
from services.referral.deadline.models import DeadlineKind
from services.referral.notice.commands import notify_partner
from services.referral.notice.models import REMINDERS, Notice
from services.referral.rujukan.commands import SYSTEM, Move, move_rujukan_program
from services.referral.rujukan.models import FORWARD
from services.referral.tables import MoveReason
from shared import clock
from shared.contracts.referral import RujukanExpired
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.messaging import emit


async def remind_partner(session: AsyncSession, subject: UUID) -> None:
    """Remind the partner that its SLA to answer or to deliver ends soon."""
    row = await mark_passed(session, subject, DeadlineKind.REMINDER)
    if row is None or row.sla_due_on is None:
        return
    for reminder, due_states in REMINDERS.items():
        if row.state in due_states:
            await notify_partner(session, row, reminder, row.sla_due_on)


async def expire_offer(session: AsyncSession, subject: UUID) -> None:
    """Expire the offer, delete the identity of the family, and notify the partner."""
    row = await mark_passed(session, subject, DeadlineKind.EXPIRY)
    if row is None or RujukanProgramState.KEDALUWARSA not in FORWARD[row.state]:
        return
    today = await clock.today(session)
    await move_rujukan_program(
        session, row, RujukanProgramState.KEDALUWARSA, Move(SYSTEM, today, MoveReason.BATAS_WAKTU)
    )
    emit(session, RujukanExpired.of(row, status=row.state, expired_on=today))
    await notify_partner(session, row, Notice.KEDALUWARSA, today)
