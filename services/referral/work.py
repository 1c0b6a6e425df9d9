"""What falls due in referral: telling partners, matching a family that was not known yet, closing what has ended."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.opening import MATCHING, match_rujukan
from services.referral.commands.outcomes import CLOSING, close_rujukan
from services.referral.commands.places import PROMOTING
from services.referral.commands.promoting import promote
from services.referral.commands.sending import (
    SENDING,
    WITHDRAWAL,
    prepare_sending,
    prepare_withdrawal,
    record_sending,
    record_withdrawal,
)
from services.referral.models import Rujukan
from services.referral.webhook import post
from shared.database import load
from shared.jobs import Due, OutsideCall, Work

WORK = Work()
WORK.call(SENDING, OutsideCall(prepare_sending, post, record_sending))
WORK.call(WITHDRAWAL, OutsideCall(prepare_withdrawal, post, record_withdrawal))


@WORK.due(MATCHING)
async def match_again(session: AsyncSession, due: Due) -> None:
    """Match a rujukan that was opened before caseload had told of its family."""
    await match_rujukan(session, await load(session, Rujukan, UUID(due.subject_id)))


@WORK.due(CLOSING)
async def close_case(session: AsyncSession, due: Due) -> None:
    """Close a case in which nothing goes on any more."""
    await close_rujukan(session, UUID(due.subject_id))


@WORK.due(PROMOTING)
async def promote_waiting(session: AsyncSession, due: Due) -> None:
    """Let those who wait for a program go on, in their order."""
    await promote(session, due)
