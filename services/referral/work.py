"""What falls due in referral: telling partners, matching a family that was not known yet, closing what has ended."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.deadlines import CLOSING, DUE_KIND
from services.referral.commands.following import FINISHING, finish_aid
from services.referral.commands.moves import PROPOSING
from services.referral.commands.next_best import propose_after
from services.referral.commands.notices import TELLING, prepare_telling, record_telling
from services.referral.commands.opening import MATCHING, REFITTING, match_rujukan
from services.referral.commands.outcomes import close_rujukan
from services.referral.commands.overdue import escalate, expire, remind_partner
from services.referral.commands.places import PROMOTING
from services.referral.commands.promoting import promote
from services.referral.commands.rematching import (
    BEGINNING,
    REMATCHING,
    begin_rematch,
    refit,
    rematch_some,
)
from services.referral.commands.replay import REPLAY, REPLAYING, prepare_replay, record_replay, replay_step
from services.referral.commands.sending import SENDING, prepare_sending, record_sending
from services.referral.commands.untaken import UNTAKEN, ask_untaken
from services.referral.models import DeadlineKind, Rujukan
from services.referral.webhook import reach
from shared.database import load
from shared.jobs import Due, OutsideCall, Work

WORK = Work()
WORK.step(REMATCHING)(rematch_some)
WORK.due(BEGINNING)(begin_rematch)
WORK.call(SENDING, OutsideCall(prepare_sending, reach, record_sending))
WORK.call(TELLING, OutsideCall(prepare_telling, reach, record_telling))
WORK.call(REPLAYING, OutsideCall(prepare_replay, reach, record_replay))
WORK.step(REPLAY)(replay_step)


@WORK.due(MATCHING)
async def match_again(session: AsyncSession, due: Due) -> None:
    """Match a rujukan that was opened before caseload had told of its family."""
    rujukan = await load(session, Rujukan, UUID(due.subject_id))
    await match_rujukan(session, rujukan, attempt=due.payload["attempt"])


@WORK.due(UNTAKEN)
async def tell_untaken(session: AsyncSession, due: Due) -> None:
    """Tell a partner at its new address what it has not taken."""
    await ask_untaken(session, due)


@WORK.due(CLOSING)
async def close_case(session: AsyncSession, due: Due) -> None:
    """Close a case in which nothing goes on any more."""
    await close_rujukan(session, UUID(due.subject_id))


@WORK.due(PROMOTING)
async def promote_waiting(session: AsyncSession, due: Due) -> None:
    """Let those who wait for a program go on, in their order."""
    await promote(session, due)


@WORK.due(DUE_KIND[DeadlineKind.REMINDER])
async def remind(session: AsyncSession, due: Due) -> None:
    """Remind a partner before its SLA ends."""
    await remind_partner(session, UUID(due.subject_id))


@WORK.due(DUE_KIND[DeadlineKind.ESCALATION])
async def raise_to_officials(session: AsyncSession, due: Due) -> None:
    """Put a partner that let its SLA pass before officials."""
    await escalate(session, UUID(due.subject_id))


@WORK.due(DUE_KIND[DeadlineKind.EXPIRY])
async def let_run_out(session: AsyncSession, due: Due) -> None:
    """End an offer that nobody has answered within its term."""
    await expire(session, UUID(due.subject_id))


@WORK.due(PROPOSING)
async def propose_next(session: AsyncSession, due: Due) -> None:
    """Propose what follows a refusal or an expiry."""
    await propose_after(session, UUID(due.subject_id))


@WORK.due(FINISHING)
async def end_aid(session: AsyncSession, due: Due) -> None:
    """End an aid some time after its last outcome was due."""
    await finish_aid(session, UUID(due.subject_id))


@WORK.due(REFITTING)
async def match_anew(session: AsyncSession, due: Due) -> None:
    """Match a case in which nothing goes on once more."""
    await refit(session, UUID(due.subject_id))
