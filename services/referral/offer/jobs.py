from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.offer.commands.next_best import propose_after
from services.referral.offer.commands.opening import MATCHING, REFITTING, match_rujukan
from services.referral.offer.commands.rematching import (
    BEGINNING,
    REMATCHING,
    begin_rematch,
    refit,
    rematch_some,
)
from services.referral.rujukan.commands import PROPOSING
from services.referral.rujukan.models import Rujukan
from shared.database import load
from shared.jobs import Due, Work


async def match_again(session: AsyncSession, due: Due) -> None:
    """Match a rujukan that was opened before caseload had told of its family."""
    rujukan = await load(session, Rujukan, UUID(due.subject_id))
    await match_rujukan(session, rujukan, attempt=due.payload["attempt"])


async def propose_next(session: AsyncSession, due: Due) -> None:
    """Propose what follows a refusal or an expiry."""
    await propose_after(session, UUID(due.subject_id))


async def match_anew(session: AsyncSession, due: Due) -> None:
    """Match a case in which nothing goes on once more."""
    await refit(session, UUID(due.subject_id))


WORK = Work(
    steps={REMATCHING: rematch_some},
    dues={BEGINNING: begin_rematch, MATCHING: match_again, PROPOSING: propose_next, REFITTING: match_anew},
)
