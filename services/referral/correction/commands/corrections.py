"""Correct answers, deliveries and outcomes, each with a reason (docs/case-lifecycle.md#corrections)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.commands.answers import (
    apply_values,
    emit_answer,
    is_repeated,
    require_amount,
    require_day,
    require_reopenable,
    require_valid_answer,
    store_answer,
)
from services.referral.answer.commands.deliveries import emit_delivery
from services.referral.answer.models import AnswerInput
from services.referral.answer.queries import read_standing_answer, read_stated_amount
from services.referral.correction.errors import AnswerNotCorrectable, CorrectionUnchanged, OutcomeMissing
from services.referral.correction.models import Correction, CorrectionSubject
from services.referral.deadline.commands import read_term
from services.referral.follow_up.commands import move_tasks
from services.referral.follow_up.models import Outcome
from services.referral.outcome.errors import AidNotDelivered
from services.referral.rujukan import rules
from services.referral.rujukan.commands import Move
from services.referral.rujukan.models import RujukanProgram
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock
from shared.access import Actor
from shared.contracts.referral import OutcomeRecorded
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load, uuid7, vault_of
from shared.messaging import emit

S = RujukanProgramState


async def correct_answer(
    session: AsyncSession, rujukan_program_id: UUID, answer: AnswerInput, reason: str, actor: Actor
) -> RujukanProgram:
    """Replace the answer that holds by another one, until the delivery.

    Raises:
        NotFound, AnswerNotCorrectable, AnswerIdReused, CorrectionUnchanged, ReasonCodeNeeded, ReasonCodeNotAllowed,
        ReasonTextNeeded, AmountOutsideProgram, DateInTheFuture, DateTooEarly
        ConsentEnded: the consent has ended, so a refused offer stays refused.
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_valid_answer(session, row, answer)
    if await is_repeated(session, row, answer):
        return row
    standing = await read_standing_answer(session, rujukan_program_id)
    rules.require_answered(row)
    if standing is None:
        raise AnswerNotCorrectable(state=row.state)
    await require_reopenable(session, row, answer)
    amount_rp = (
        answer.amount_rp if answer.amount_rp is not None else await _known_amount(session, row, answer)
    )
    before = _answer_values(row, standing.answered_on)
    move = Move(actor, await clock.today(session), MoveReason.JAWABAN_DIPERBAIKI)
    await apply_values(session, row, answer, amount_rp, move, revised=True)
    after = _answer_values(row, answer.answered_on)
    await store_correction(session, row, CorrectionSubject.ANSWER, (before, after), reason, actor)
    await store_answer(session, row, answer, actor.sub, changed=True, corrects_id=standing.partner_answer_id)
    emit_answer(session, row, answer, corrected=True, late=False)
    return row


def _answer_values(row: RujukanProgram, answered_on: date) -> dict[str, Any]:
    return {
        "status": row.state,
        "reason_code": row.refusal_code,
        "amount_rp": row.amount_rp,
        "answered_on": str(answered_on),
    }


async def _known_amount(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> int | None:
    """Return the amount that holds if the correction has none.

    An approval keeps the amount last stated. The amount of an approval that is taken back does not hold.
    """
    if answer.status is not S.DISETUJUI:
        return None if row.state is S.DISETUJUI else row.amount_rp
    if row.amount_rp is not None:
        return row.amount_rp
    return await read_stated_amount(session, row.rujukan_program_id)


async def correct_delivery(
    session: AsyncSession,
    rujukan_program_id: UUID,
    *,
    amount_rp: int | None,
    delivered_on: date | None,
    reason: str,
    actor: Actor,
) -> RujukanProgram:
    """Correct the amount or the date of a delivery. What is not given stays.

    Raises:
        NotFound, AidNotDelivered, CorrectionTooLate, CorrectionUnchanged, AmountOutsideProgram, DateInTheFuture,
        DateTooEarly
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    if row.delivered_on is None or row.delivery_recorded_on is None:
        raise AidNotDelivered
    await require_in_time(session, row, max(row.delivered_on, row.delivery_recorded_on))
    before = {"amount_rp": row.amount_rp, "delivered_on": str(row.delivered_on)}
    if delivered_on is not None:
        await require_day(session, row, delivered_on, "/body/delivered_on")
    await require_amount(session, row, amount_rp)
    row.amount_rp = amount_rp if amount_rp is not None else row.amount_rp
    row.delivered_on = on = delivered_on or row.delivered_on
    row.version += 1
    after = {"amount_rp": row.amount_rp, "delivered_on": str(on)}
    await store_correction(session, row, CorrectionSubject.DELIVERY, (before, after), reason, actor)
    await move_tasks(session, row, on)
    emit_delivery(session, row, corrected=True)
    return row


async def load_outcome(
    session: AsyncSession, rujukan_program_id: UUID, month: int, actor: Actor
) -> tuple[RujukanProgram, Outcome]:
    """Return a locked offer and its outcome of a month, which may still be corrected.

    Raises:
        NotFound, FamilyNotAccompanied, AidNotDelivered, AidWithdrawn, OutcomeMissing, CorrectionTooLate
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id)
    outcome = await session.get(Outcome, (rujukan_program_id, month))
    if outcome is None:
        rules.require_outcomes_asked(row)
        raise OutcomeMissing("/body/month", month=month)
    await require_in_time(session, row, outcome.recorded_on)
    return row, outcome


async def correct_outcome(
    session: AsyncSession,
    rujukan_program_id: UUID,
    *,
    month: int,
    still_in_business: bool | None,
    omzet_rp: int | None,
    reason: str,
    actor: Actor,
) -> Outcome:
    """Correct the outcome of a month. What is not given stays.

    Raises:
        NotFound, FamilyNotAccompanied, OutcomeMissing, CorrectionTooLate, CorrectionUnchanged
    """
    row, outcome = await load_outcome(session, rujukan_program_id, month, actor)
    before = outcome_values(outcome)
    if still_in_business is not None:
        outcome.still_in_business = still_in_business
    outcome.omzet_rp = omzet_rp if omzet_rp is not None else outcome.omzet_rp
    values = (before, outcome_values(outcome))
    await store_correction(session, row, CorrectionSubject.OUTCOME, values, reason, actor)
    terms = {**outcome_values(outcome), "recorded_on": outcome.recorded_on, "late": outcome.late}
    emit(session, OutcomeRecorded.of(row, corrected=True, voided=False, **terms))
    return outcome


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    """Return what was observed, as a correction keeps it."""
    names = ("month", "still_in_business", "omzet_rp")
    return {name: getattr(outcome, name) for name in names}


async def require_in_time(session: AsyncSession, row: RujukanProgram, recorded_on: date) -> None:
    """Refuse a correction after the days of the SLA term.

    Raises:
        CorrectionTooLate
    """
    days = (await read_term(session, row.program_code, recorded_on)).correct_within_days
    term = rules.CorrectionTerm(recorded_on + timedelta(days=days), since=recorded_on)
    rules.require_in_time(term, await clock.today(session))


async def store_correction(
    session: AsyncSession,
    row: RujukanProgram,
    subject: CorrectionSubject,
    values: tuple[Mapping[str, Any], Mapping[str, Any]],
    reason: str,
    actor: Actor,
) -> None:
    """Store the values before and after a correction.

    Raises:
        CorrectionUnchanged
    """
    before, after = values
    if before == after:
        raise CorrectionUnchanged
    correction_id = uuid7()
    sealed = vault_of(session).seal(reason, table="correction", column="reason_sealed", row_id=correction_id)
    session.add(
        Correction(
            correction_id=correction_id,
            rujukan_program_id=row.rujukan_program_id,
            subject=subject,
            before=dict(before),
            after=dict(after),
            reason_sealed=sealed,
            corrected_on=await clock.today(session),
            by=actor.sub,
        )
    )
