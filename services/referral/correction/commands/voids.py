"""Void deliveries and outcomes that were recorded by mistake (docs/case-lifecycle.md#corrections)."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.commands.answers import DELIVERED_STATES
from services.referral.answer.queries import read_stated_amount
from services.referral.correction.commands.corrections import (
    load_outcome,
    outcome_values,
    require_in_time,
    store_correction,
)
from services.referral.correction.models import CorrectionSubject
from services.referral.follow_up.commands import close_tasks, reopen_task
from services.referral.follow_up.models import Outcome, OutcomeTask
from services.referral.outcome.errors import AidNotDelivered
from services.referral.place.commands import update_places
from services.referral.rujukan.commands import Move, move_rujukan_program, schedule_lapse
from services.referral.rujukan.models import RujukanProgram, RujukanProgramHistory
from services.referral.tables import MoveReason
from shared import clock
from shared.access import Actor
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.referral import OutcomeRecorded, RujukanDeliveryVoided
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.messaging import emit

S = RujukanProgramState


async def void_delivery(
    session: AsyncSession, rujukan_program_id: UUID, reason: VoidReason, actor: Actor
) -> RujukanProgram:
    """Void a delivery that was not made. The offer returns to the state before it.

    Its outcomes are voided with it. A withdrawn offer stays withdrawn, and its place becomes free.

    Raises:
        NotFound, AidNotDelivered, CorrectionTooLate
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    if row.delivered_on is None or row.delivery_recorded_on is None:
        raise AidNotDelivered
    await require_in_time(session, row, max(row.delivered_on, row.delivery_recorded_on))
    await _void_outcomes(session, row, reason, actor)
    before = {"amount_rp": row.amount_rp, "delivered_on": str(row.delivered_on)}
    before |= {"delivery_id": row.delivery_id}
    move = Move(actor, await clock.today(session), MoveReason.PENYALURAN_DIBATALKAN, reason)
    with session.no_autoflush:  # the state and the delivery change in one statement
        await _reset_delivery(session, row, move)
    after = {"amount_rp": row.amount_rp, "delivered_on": None}
    await store_correction(session, row, CorrectionSubject.DELIVERY, (before, after), reason, actor)
    emit(session, RujukanDeliveryVoided.of(row, status=row.state, voided_on=move.on, reason=reason))
    return row


async def _reset_delivery(session: AsyncSession, row: RujukanProgram, move: Move) -> None:
    target = await _read_former_state(session, row)
    row.amount_rp = await read_stated_amount(session, row.rujukan_program_id)
    row.delivery_id = row.delivered_on = row.delivery_recorded_on = row.delivery_recorded_by = None
    row.delivered_late = False
    if row.state in DELIVERED_STATES:
        await move_rujukan_program(session, row, target, move, revised=True)
    else:
        row.version += 1
        await session.flush()
        await update_places(session, row, move.on)
    await close_tasks(session, row.rujukan_program_id, move.on)
    await schedule_lapse(session, row)


async def _read_former_state(session: AsyncSession, row: RujukanProgram) -> RujukanProgramState:
    """Return the state from which the offer was delivered."""
    history = RujukanProgramHistory
    statement = sa.select(history.from_state).where(
        history.rujukan_program_id == row.rujukan_program_id,
        history.to_state == S.DISALURKAN,
        history.from_state != S.TUTUP,
    )
    return await session.scalar(statement.order_by(history.history_id.desc()).limit(1)) or row.state


async def _void_outcomes(
    session: AsyncSession, row: RujukanProgram, reason: VoidReason, actor: Actor
) -> None:
    statement = sa.select(Outcome).where(Outcome.rujukan_program_id == row.rujukan_program_id)
    for outcome in (await session.scalars(statement.order_by(Outcome.month))).all():
        await _remove_outcome(session, row, outcome, reason, actor)


async def _remove_outcome(
    session: AsyncSession, row: RujukanProgram, outcome: Outcome, reason: VoidReason, actor: Actor
) -> None:
    """Remove an outcome. The correction keeps its values."""
    values = outcome_values(outcome)
    await store_correction(session, row, CorrectionSubject.OUTCOME, (values, {}), reason, actor)
    terms = {"recorded_on": outcome.recorded_on, "late": outcome.late, "voided": True}
    await session.delete(outcome)
    emit(session, OutcomeRecorded.of(row, corrected=True, **values, **terms))


async def void_outcome(
    session: AsyncSession, rujukan_program_id: UUID, *, month: int, reason: VoidReason, actor: Actor
) -> RujukanProgram:
    """Void the outcome of a month, and ask for it again.

    If it was the last one, the offer is DISALURKAN again.

    Raises:
        NotFound, FamilyNotAccompanied, OutcomeMissing, CorrectionTooLate
    """
    row, outcome = await load_outcome(session, rujukan_program_id, month, actor)
    await _remove_outcome(session, row, outcome, reason, actor)
    last = sa.select(sa.func.max(OutcomeTask.month)).where(
        OutcomeTask.rujukan_program_id == rujukan_program_id
    )
    if row.state is S.TUTUP and not outcome.late and month == await session.scalar(last):
        move = Move(actor, await clock.today(session), MoveReason.HASIL_DIBATALKAN, reason)
        await move_rujukan_program(session, row, S.DISALURKAN, move, revised=True)
    if row.state is not S.DICABUT:
        await reopen_task(session, row, month)
    return row
