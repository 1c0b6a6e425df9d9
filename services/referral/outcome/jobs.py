from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import CLOSING, DUE_KIND, escalate
from services.referral.deadline.models import DeadlineKind
from services.referral.follow_up.commands import FINISHING, finish_aid
from services.referral.outcome.commands.outcomes import close_rujukan
from services.referral.outcome.commands.overdue import expire, remind_partner
from shared.jobs import Due, Work


async def close_case(session: AsyncSession, due: Due) -> None:
    """Close a case in which nothing goes on any more."""
    await close_rujukan(session, UUID(due.subject_id))


async def remind(session: AsyncSession, due: Due) -> None:
    """Remind a partner before its SLA ends."""
    await remind_partner(session, UUID(due.subject_id))


async def raise_to_officials(session: AsyncSession, due: Due) -> None:
    """Put a partner that let its SLA pass before officials."""
    await escalate(session, UUID(due.subject_id))


async def let_run_out(session: AsyncSession, due: Due) -> None:
    """End an offer that nobody has answered within its term."""
    await expire(session, UUID(due.subject_id))


async def end_aid(session: AsyncSession, due: Due) -> None:
    """End an aid some time after its last outcome was due."""
    await finish_aid(session, UUID(due.subject_id))


WORK = Work(
    dues={
        CLOSING: close_case,
        FINISHING: end_aid,
        DUE_KIND[DeadlineKind.REMINDER]: remind,
        DUE_KIND[DeadlineKind.ESCALATION]: raise_to_officials,
        DUE_KIND[DeadlineKind.EXPIRY]: let_run_out,
    }
)
