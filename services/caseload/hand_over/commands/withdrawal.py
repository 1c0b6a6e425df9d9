"""Withdrawal of a hand-over before its day."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.hand_over.commands.request import KIND
from services.caseload.hand_over.errors import HandOverAlreadyWithdrawn, HandOverEnded, HandOverStarted
from services.caseload.hand_over.models import HandOver, HandOverWithdrawal
from services.caseload.hand_over.queries import ENDED, read_hand_over
from shared import clock
from shared.access import Actor
from shared.database import load, vault_of
from shared.jobs import unschedule
from shared.privacy import seal_texts


async def withdraw_hand_over(session: AsyncSession, actor: Actor, hand_over_id: UUID, *, reason: str) -> None:
    """Withdraw an order before its day. The same order may then be given again.

    Raises:
        NotFound, NotAllowed, HandOverStarted, HandOverEnded, HandOverAlreadyWithdrawn.
    """
    # Lock the scheduled task first, as the worker does, so that the second of the two sees the result of the first.
    await unschedule(session, KIND, hand_over_id)
    hand_over = await load(session, HandOver, hand_over_id, noun="hand-over")
    actor.require_area(hand_over.kode_wilayah)
    if hand_over.job_id is not None:
        ended = (await read_hand_over(session, hand_over_id))["state"] in ENDED
        raise HandOverEnded if ended else HandOverStarted(job_id=hand_over.job_id)
    if not hand_over.open:
        raise HandOverAlreadyWithdrawn
    hand_over.open = False
    withdrawal = HandOverWithdrawal(
        hand_over_id=hand_over_id,
        **seal_texts(
            vault_of(session), {"reason": reason}, table="hand_over_withdrawal", row_id=hand_over_id
        ),
        withdrawn_by=actor.sub,
        withdrawn_at=await clock.now(session),
    )
    session.add(withdrawal)
    await session.flush()
