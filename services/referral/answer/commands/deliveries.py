"""Deliveries of aid, each recorded once."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.commands.answers import is_reopenable, require_amount, require_day
from services.referral.answer.errors import DeliveryAlreadyRecorded, DeliveryVoided
from services.referral.correction.models import Correction, CorrectionSubject
from services.referral.follow_up.commands import open_tasks
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.models import RujukanProgram
from services.referral.rujukan.rules import LATE_STATES
from services.referral.tables import MoveReason
from shared import clock
from shared.access import Actor
from shared.contracts.referral import RujukanDelivered
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.messaging import emit

S = RujukanProgramState


async def deliver_aid(
    session: AsyncSession,
    rujukan_program_id: UUID,
    *,
    delivery_id: str,
    amount_rp: int | None,
    delivered_on: date,
    actor: Actor,
) -> RujukanProgram:
    """Record that the aid has reached the family. The same `delivery_id` again changes nothing.

    Without an amount the approved one holds. A delivery after the expiry or the withdrawal is late.

    Raises:
        NotFound, DeliveryAlreadyRecorded, DeliveryVoided, AmountOutsideProgram, DateInTheFuture, DateTooEarly,
        IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    corrections = await _read_corrections(session, rujukan_program_id)
    if delivery_id in {one.before.get("delivery_id") for one in corrections}:
        raise DeliveryVoided("/body/delivery_id", delivery_id=delivery_id)
    if row.delivery_id is not None:
        _require_same(row, corrections, delivery_id, amount_rp, delivered_on)
        return row
    await require_day(session, row, delivered_on, "/body/delivered_on")
    await require_amount(session, row, amount_rp)
    row.delivery_id, row.delivered_on = delivery_id, delivered_on
    row.delivered_late = row.state in LATE_STATES
    row.amount_rp = amount_rp if amount_rp is not None else row.amount_rp
    row.delivery_recorded_on, row.delivery_recorded_by = await clock.today(session), actor.sub
    if not row.delivered_late or await is_reopenable(session, row):
        await _move_to_delivered(session, row, delivered_on, actor)
    else:
        row.version += 1
    emit_delivery(session, row)
    return row


def emit_delivery(session: AsyncSession, row: RujukanProgram, *, corrected: bool = False) -> None:
    """Emit the delivery with the values that hold now."""
    late = row.delivered_late
    emit(session, RujukanDelivered.of(row, status=row.state, corrected=corrected, late=late))


async def _read_corrections(session: AsyncSession, rujukan_program_id: UUID) -> Sequence[Correction]:
    """Return the corrections and voids of the offer's deliveries, oldest first."""
    statement = sa.select(Correction).where(
        Correction.rujukan_program_id == rujukan_program_id,
        Correction.subject == CorrectionSubject.DELIVERY,
    )
    return (await session.scalars(statement.order_by(Correction.correction_id))).all()


def _require_same(
    row: RujukanProgram,
    corrections: Sequence[Correction],
    delivery_id: str,
    amount_rp: int | None,
    delivered_on: date,
) -> None:
    """Refuse a delivery that differs from the first one recorded, or recorded after a void."""
    recorded = {"amount_rp": row.amount_rp, "delivered_on": str(row.delivered_on)}
    for one in reversed(corrections):
        if one.after["delivered_on"] is None:
            break
        recorded = one.before
    given = {"amount_rp": recorded["amount_rp"] if amount_rp is None else amount_rp}
    if row.delivery_id != delivery_id or recorded != given | {"delivered_on": str(delivered_on)}:
        raise DeliveryAlreadyRecorded(delivery_id=row.delivery_id)


async def _move_to_delivered(
    session: AsyncSession, row: RujukanProgram, delivered_on: date, actor: Actor
) -> None:
    reason = MoveReason.PENYALURAN_TERLAMBAT if row.delivered_late else MoveReason.PENYALURAN
    move = Move(actor, await clock.today(session), reason)
    await move_rujukan_program(session, row, S.DISALURKAN, move, revised=row.delivered_late)
    await open_tasks(session, row, delivered_on)
