"""Moving a rujukan program along domain.md 5, with its history and what others are told."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Identity
from services.referral.deadline.commands import ask_closing, follow
from services.referral.place.commands import keep_places
from services.referral.rujukan.models import ENDED, RujukanProgram, RujukanProgramHistory, become, road
from shared.contracts.kinds import RujukanProgramState
from shared.contracts.referral import RujukanSent
from shared.database import uuid7
from shared.jobs import schedule
from shared.messaging import emit

# Handled in offer/jobs.py: this module must not import offer.
PROPOSING = "rujukan.next_best"
SYSTEM = "system:referral"
ASKS_FOR_NEXT = frozenset({RujukanProgramState.DITOLAK, RujukanProgramState.KEDALUWARSA})
# Once the aid has reached the family, or nothing comes of it, nobody needs to be told who the family is.
NEEDS_NO_NAME = ENDED | {RujukanProgramState.DISALURKAN}


@dataclass(frozen=True, slots=True)
class Move:
    """Who moves it (a `sub`), on which business date, and why."""

    by: str
    on: date
    reason: str


async def walk(session: AsyncSession, row: RujukanProgram, wanted: RujukanProgramState, move: Move) -> None:
    """Move to `wanted` through what it implies; each step is history, and passing TERKIRIM tells RujukanSent.

    Where it ends or the aid is delivered, the identity that was kept for its sending is destroyed; a refusal or an
    expiry asks for the next best.

    Raises:
        IllegalTransition: there is no such road.
    """
    for step in road(row.state, wanted):
        left = become(row, step)
        remember(
            session, row, left, move if step is wanted else Move(move.by, move.on, f"implied by {wanted}")
        )
        await follow(session, row, left, move.on)
        if step is RujukanProgramState.TERKIRIM:
            row.sent_on = move.on
            emit(session, RujukanSent.of(row, status=row.state))
        await session.flush()  # the database checks each step by itself
    await keep_places(session, row, move.on)
    if wanted in ASKS_FOR_NEXT:
        await schedule(session, PROPOSING, datetime.now(UTC), subject_id=row.rujukan_program_id, clock="real")
    if wanted in NEEDS_NO_NAME:
        await session.execute(sa.delete(Identity).where(Identity.for_id == row.rujukan_program_id))
    if wanted in ENDED:
        await ask_closing(session, row)


def remember(
    session: AsyncSession, row: RujukanProgram, left: RujukanProgramState | None, move: Move
) -> None:
    """Append one line of history."""
    session.add(
        RujukanProgramHistory(
            history_id=uuid7(),
            rujukan_program_id=row.rujukan_program_id,
            from_state=left,
            to_state=row.state,
            on=move.on,
            by=move.by,
            reason=move.reason,
        )
    )
