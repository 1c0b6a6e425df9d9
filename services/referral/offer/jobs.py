"""Scheduled tasks of matching: unknown families, next best programs, rujukan without an offer."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.lapse.commands import MATCH_LAPSED
from services.referral.offer.commands.new_rujukan import MATCH_RUJUKAN, match_rujukan
from services.referral.offer.commands.next_best import propose_after
from services.referral.offer.commands.rematch import (
    REMATCH_PROGRAM,
    REMATCH_RUJUKAN,
    match_lapsed,
    rematch_rujukan,
    rematch_step,
    start_rematch,
)
from services.referral.rujukan.commands import PROPOSE_NEXT_BEST
from services.referral.rujukan.models import Rujukan
from shared.database import load
from shared.jobs import ScheduledTask, Work, for_subject


async def match_again(session: AsyncSession, due: ScheduledTask) -> None:
    """Match a rujukan whose family was not in the replica when it opened."""
    rujukan = await load(session, Rujukan, UUID(due.subject_id))
    await match_rujukan(session, rujukan, attempt=due.payload["attempt"])


WORK = Work(
    steps={REMATCH_PROGRAM: rematch_step},
    scheduled_tasks={
        REMATCH_PROGRAM: start_rematch,
        MATCH_RUJUKAN: match_again,
        PROPOSE_NEXT_BEST: for_subject(propose_after),
        REMATCH_RUJUKAN: for_subject(rematch_rujukan),
        MATCH_LAPSED: match_lapsed,
    },
)
