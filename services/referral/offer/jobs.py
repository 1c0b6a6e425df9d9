"""Scheduled tasks of matching: unknown families, next best programs, cases without an offer."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.offer.commands.next_best import propose_after
from services.referral.offer.commands.opening import MATCHING, match_rujukan
from services.referral.offer.commands.rematching import (
    BEGINNING,
    REFITTING,
    REMATCHING,
    begin_rematch,
    refit,
    rematch_some,
)
from services.referral.rujukan.commands import PROPOSING
from services.referral.rujukan.models import Rujukan
from shared.database import load
from shared.jobs import Due, Work, for_subject


async def match_again(session: AsyncSession, due: Due) -> None:
    """Match a rujukan that was opened before caseload had told of its family."""
    rujukan = await load(session, Rujukan, UUID(due.subject_id))
    await match_rujukan(session, rujukan, attempt=due.payload["attempt"])


WORK = Work(
    steps={REMATCHING: rematch_some},
    dues={
        BEGINNING: begin_rematch,
        MATCHING: match_again,
        PROPOSING: for_subject(propose_after),
        REFITTING: for_subject(refit),
    },
)
