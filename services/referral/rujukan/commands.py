"""Move a rujukan program through its states, with its history and events."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Identity
from services.referral.deadline.commands import CLOSE_RUJUKAN, schedule_closing, set_deadlines
from services.referral.place.commands import retake_places, update_places
from services.referral.rujukan.models import ENDED, RujukanProgram, RujukanProgramHistory, transition_to
from services.referral.rujukan.rules import steps_to
from services.referral.supply.models import DataSupply
from services.referral.tables import MoveReason
from shared.access import Actor
from shared.contracts.referral import RujukanSent
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import uuid7
from shared.jobs import schedule
from shared.messaging import emit

# Handled in offer/jobs.py and lapse/jobs.py: this module must not import offer or lapse.
PROPOSE_NEXT_BEST = "rujukan.propose_next_best"
LAPSE_REOPENED = "rujukan.lapse_reopened"
SYSTEM = Actor.system("referral")
PROPOSES_NEXT = frozenset({RujukanProgramState.DITOLAK, RujukanProgramState.KEDALUWARSA})
# After delivery, and after the end of an offer, the partner needs the identity of the family no more.
IDENTITY_NOT_NEEDED = ENDED | {RujukanProgramState.DISALURKAN}


@dataclass(frozen=True, slots=True)
class Move:
    """Who moves it, on which business date, and why.

    `detail` is a code or a figure that belongs to the reason.
    """

    actor: Actor
    on: date
    reason: MoveReason
    detail: str | None = None


async def move_rujukan_program(
    session: AsyncSession,
    row: RujukanProgram,
    target: RujukanProgramState,
    move: Move,
    *,
    revised: bool = False,
) -> None:
    """Move to `target` through the states that it implies.

    If `revised`, a corrected answer or a late fact replaces the current state directly.

    Each step is a row of the history. TERKIRIM emits RujukanSent. When the offer ends or its aid is delivered, the
    stored identity of the family and what was supplied are deleted. After a refusal or an expiry the next best program
    is scheduled.

    Raises:
        IllegalTransition: `target` cannot be reached from the current state.
    """
    before = row.state
    implied = replace(move, reason=MoveReason.TERSIRAT, detail=target)
    for step in [target] if revised else steps_to(before, target):
        previous = transition_to(row, step)
        append_history(session, row, previous, move if step is target else implied)
        await set_deadlines(session, row, previous, move.on)
        if step is RujukanProgramState.TERKIRIM:
            row.sent_on = move.on
            emit(session, RujukanSent.of(row, status=row.state))
        await session.flush()  # a trigger of the database checks each step
    if before in ENDED and target not in ENDED:
        await reopen(session, row, move.on)
    await update_places(session, row, move.on)
    if PROPOSES_NEXT & {before, target}:
        await schedule(
            session, PROPOSE_NEXT_BEST, datetime.now(UTC), subject_id=row.rujukan_program_id, clock="real"
        )
    if target in IDENTITY_NOT_NEEDED:
        await session.execute(sa.delete(Identity).where(Identity.for_id == row.rujukan_program_id))
        own = DataSupply.rujukan_program_id == row.rujukan_program_id
        await session.execute(sa.update(DataSupply).where(own).values(content_sealed=None))
    if target in ENDED:
        await schedule_closing(session, row)


async def reopen(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    """Take the places of a reopened offer, and schedule checks of rujukan and family.

    A rujukan that was closed meanwhile is opened again.
    """
    await retake_places(session, row, on)
    await schedule_lapse(session, row)
    await schedule(session, CLOSE_RUJUKAN, datetime.now(UTC), subject_id=row.rujukan_id, clock="real")


async def schedule_lapse(session: AsyncSession, row: RujukanProgram) -> None:
    """Schedule a check whether the basis of the offer ended while it was closed."""
    await schedule(session, LAPSE_REOPENED, datetime.now(UTC), subject_id=row.kpm_id, clock="real")


def append_history(
    session: AsyncSession, row: RujukanProgram, from_state: RujukanProgramState | None, move: Move
) -> None:
    session.add(
        RujukanProgramHistory(
            history_id=uuid7(),
            rujukan_program_id=row.rujukan_program_id,
            from_state=from_state,
            to_state=row.state,
            on=move.on,
            sub=move.actor.sub,
            role=move.actor.role,
            pendamping_id=move.actor.pendamping_id,
            reason_code=move.reason,
            detail=move.detail,
        )
    )
