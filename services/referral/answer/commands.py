"""Partners' answers, each recorded once, and the delivery of the aid."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.errors import (
    AmountOutsideProgram,
    AnswerIdReused,
    DeliveryAlreadyRecorded,
    ReasonCodeNeeded,
)
from services.referral.answer.models import AnswerInput, AnswerTerms, PartnerAnswer
from services.referral.follow_up.commands import open_tasks
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.program.models import Program
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.models import RujukanProgram
from shared import clock
from shared.access import Actor
from shared.contracts.referral import RujukanAnswered, RujukanDelivered
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_not_future
from shared.messaging import emit

S = RujukanProgramState


async def answer_rujukan(
    session: AsyncSession, rujukan_program_id: UUID, answer: AnswerInput, actor: Actor
) -> RujukanProgram:
    """Record a partner's answer on one of its own rujukan.

    Raises:
        NotFound: it is not a rujukan of the partner. ReasonCodeNeeded, AnswerIdReused,
            AmountOutsideProgram, DateInTheFuture, DateTooEarly, IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    if (answer.reason_code is not None) != (answer.status is S.DITOLAK):
        raise ReasonCodeNeeded("/body/reason_code")
    latest, earliest = await clock.latest_today(session), await _notified_on(session, row)
    require_not_future(answer.answered_on, latest, "/body/answered_on", earliest=earliest)
    await require_amount(session, row, answer.amount_rp)
    await record_answer(session, row, answer, actor.sub)
    return row


async def _notified_on(session: AsyncSession, row: RujukanProgram) -> date | None:
    """Return the day of the first attempt.

    The partner may have known of the rujukan since then, even without a reply.
    """
    first = sa.select(PartnerNotice.on).where(
        PartnerNotice.rujukan_program_id == row.rujukan_program_id, PartnerNotice.notice == Notice.RUJUKAN
    )
    return await session.scalar(first) or row.sent_on


async def record_answer(session: AsyncSession, row: RujukanProgram, answer: AnswerInput, by: str) -> None:
    """Record the answer once.

    An answer that repeats the current state changes nothing and emits nothing.

    Raises:
        AnswerIdReused, IllegalTransition
    """
    reused = AnswerIdReused("/body/answer_id", answer_id=answer.answer_id)
    stored = await session.scalar(
        sa.select(PartnerAnswer).where(
            PartnerAnswer.rujukan_program_id == row.rujukan_program_id,
            PartnerAnswer.answer_id == answer.answer_id,
        )
    )
    if stored is not None:
        if stored.digest != answer.digest():
            raise reused
        return
    # An older answer that arrives late is stored, and does not move the state back.
    changes_state = row.state is not answer.status and not await _is_stale(session, row, answer)
    await insert(
        session, _new_answer(session, row, answer, by, changed=changes_state), uq_partner_answer_once=reused
    )
    if changes_state:
        await _apply_answer(session, row, answer, by)


async def _is_stale(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> bool:
    newest = sa.select(sa.func.max(PartnerAnswer.answered_on)).where(
        PartnerAnswer.rujukan_program_id == row.rujukan_program_id, PartnerAnswer.changed
    )
    on = await session.scalar(newest)
    return on is not None and answer.answered_on < on


async def _apply_answer(session: AsyncSession, row: RujukanProgram, answer: AnswerInput, by: str) -> None:
    if answer.status is S.DITOLAK:
        row.refusal_code = answer.reason_code
    if answer.amount_rp is not None:
        row.amount_rp = answer.amount_rp
    reason = f"the partner answered {answer.status}" + (
        f": {answer.reason_code}" if answer.reason_code else ""
    )
    await move_rujukan_program(session, row, answer.status, Move(by, await clock.today(session), reason))
    terms = {name: getattr(answer, name) for name in ("reason_code", "amount_rp", "answered_on")}
    emit(session, RujukanAnswered.of(row, status=row.state, **terms))


def _new_answer(
    session: AsyncSession, row: RujukanProgram, answer: AnswerInput, by: str, *, changed: bool
) -> PartnerAnswer:
    partner_answer_id, sealed = uuid7(), None
    if answer.reason_text is not None:
        sealed = vault_of(session).seal(
            answer.reason_text, table="partner_answer", column="reason_text_sealed", row_id=partner_answer_id
        )
    return PartnerAnswer(
        **{name: getattr(answer, name) for name in AnswerTerms.model_fields},
        partner_answer_id=partner_answer_id,
        rujukan_program_id=row.rujukan_program_id,
        digest=answer.digest(),
        reason_text_sealed=sealed,
        changed=changed,
        recorded_by=by,
    )


async def require_amount(session: AsyncSession, row: RujukanProgram, amount_rp: int | None) -> None:
    """Raise AmountOutsideProgram if the amount exceeds the maximum of the program's revision."""
    program = await session.get_one(Program, row.program_id)
    if amount_rp is not None and program.amount_max_rp is not None and amount_rp > program.amount_max_rp:
        raise AmountOutsideProgram("/body/amount_rp", most=program.amount_max_rp)


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

    Raises:
        NotFound, DeliveryAlreadyRecorded, AmountOutsideProgram, DateInTheFuture, DateTooEarly,
        IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    if row.delivery_id is not None:
        if (row.delivery_id, row.amount_rp, row.delivered_on) != (delivery_id, amount_rp, delivered_on):
            raise DeliveryAlreadyRecorded
        return row
    latest, earliest = await clock.latest_today(session), await _notified_on(session, row)
    require_not_future(delivered_on, latest, "/body/delivered_on", earliest=earliest)
    await require_amount(session, row, amount_rp)
    row.delivery_id, row.amount_rp, row.delivered_on = delivery_id, amount_rp, delivered_on
    await move_rujukan_program(
        session, row, S.DISALURKAN, Move(actor.sub, await clock.today(session), "the partner delivered")
    )
    await open_tasks(session, row, delivered_on)
    emit(session, RujukanDelivered.of(row, status=row.state))
    return row
