"""A hand-over dated ahead is called off: nothing has moved yet, and nothing will."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.commands.request import KIND
from services.caseload.hand_over.errors import HandOverAlreadyWithdrawn, HandOverBegun
from services.caseload.hand_over.models import HandOver, HandOverWithdrawal
from shared import clock
from shared.access import Actor
from shared.database import load
from shared.jobs import unschedule


async def withdraw_hand_over(session: AsyncSession, actor: Actor, hand_over_id: UUID, *, reason: str) -> None:
    """Take an order back before its day; the families stay where they are, and the same order may be given again.

    Raises:
        NotFound, NotAllowed, HandOverBegun, HandOverAlreadyWithdrawn.
    """
    # What is due is locked first, as the worker does that takes it up: one of the two comes second and knows it.
    await unschedule(session, KIND, hand_over_id)
    hand_over = await load(session, HandOver, hand_over_id, noun="hand-over")
    actor.require_area(hand_over.kode_wilayah)
    if hand_over.job_id is not None:
        raise HandOverBegun(job=f"/v1/jobs/{hand_over.job_id}")
    if not hand_over.open:
        raise HandOverAlreadyWithdrawn
    hand_over.open = False
    withdrawal = HandOverWithdrawal(
        hand_over_id=hand_over_id,
        reason=reason,
        withdrawn_by=actor.sub,
        withdrawn_at=await clock.now(session),
    )
    session.add(withdrawal)
    await session.flush()
