"""Partners' answers, each recorded once."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.errors import (
    AmountOutsideProgram,
    AnswerIdReused,
    CorrectionNeeded,
    ReasonCodeNeeded,
    ReasonCodeNotAllowed,
    ReasonTextNeeded,
)
from services.referral.answer.models import AnswerInput, AnswerTerms, PartnerAnswer
from services.referral.answer.queries import is_standing
from services.referral.consent.errors import ConsentEnded
from services.referral.consent.models import Consent
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.program.models import Program
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.models import PARTNER_ANSWERS, Rujukan, RujukanProgram, RujukanState
from services.referral.rujukan.rules import LATE_STATES
from services.referral.tables import MoveReason
from shared import clock
from shared.access import Actor
from shared.contracts.referral import RujukanAnswered
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import IllegalTransition
from shared.messaging import emit

S = RujukanProgramState
DELIVERED_STATES = frozenset({S.DISALURKAN, S.TUTUP})


async def answer_rujukan(
    session: AsyncSession, rujukan_program_id: UUID, answer: AnswerInput, actor: Actor
) -> RujukanProgram:
    """Record a partner's answer on one of its own rujukan.

    Raises:
        NotFound: it is not a rujukan of the partner. ReasonCodeNeeded, ReasonCodeNotAllowed, ReasonTextNeeded,
            AnswerIdReused, CorrectionNeeded, AmountOutsideProgram, DateInTheFuture, DateTooEarly, IllegalTransition,
            ConsentEnded
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_valid_answer(session, row, answer)
    await record_answer(session, row, answer, actor)
    return row


async def require_valid_answer(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> None:
    """Refuse an answer with a wrong reason code, date or amount, or without needed words.

    Raises:
        ReasonCodeNeeded, ReasonCodeNotAllowed, ReasonTextNeeded, AmountOutsideProgram, DateInTheFuture, DateTooEarly
    """
    _require_reason(answer)
    await require_day(session, row, answer.answered_on, "/body/answered_on")
    await require_amount(session, row, answer.amount_rp)


def _require_reason(answer: AnswerInput) -> None:
    if answer.status is S.DITOLAK and answer.reason_code is None:
        raise ReasonCodeNeeded("/body/reason_code", status=answer.status)
    if answer.status is not S.DITOLAK and answer.reason_code is not None:
        raise ReasonCodeNotAllowed("/body/reason_code", status=answer.status, reason_code=answer.reason_code)
    if answer.status is S.PERLU_DATA and answer.reason_text is None:
        raise ReasonTextNeeded("/body/reason_text", status=answer.status)


async def require_day(session: AsyncSession, row: RujukanProgram, on: date, pointer: str) -> None:
    """Refuse a day in the future, or before the first attempt to notify the partner.

    The partner may have known of the rujukan since then, even without a reply.

    Raises:
        DateInTheFuture, DateTooEarly
    """
    first = sa.select(PartnerNotice.on).where(
        PartnerNotice.rujukan_program_id == row.rujukan_program_id, PartnerNotice.notice == Notice.RUJUKAN
    )
    earliest = await session.scalar(first) or row.sent_on
    require_not_future(on, await clock.latest_today(session), pointer, earliest=earliest)


async def require_amount(session: AsyncSession, row: RujukanProgram, amount_rp: int | None) -> None:
    """Raise AmountOutsideProgram if the amount exceeds the maximum of the program's revision."""
    program = await session.get_one(Program, row.program_id)
    if amount_rp is not None and program.amount_max_rp is not None and amount_rp > program.amount_max_rp:
        raise AmountOutsideProgram("/body/amount_rp", most=program.amount_max_rp)


async def record_answer(
    session: AsyncSession, row: RujukanProgram, answer: AnswerInput, actor: Actor
) -> None:
    """Record the answer once.

    An answer that repeats the current state changes nothing and emits nothing.

    Raises:
        AnswerIdReused, CorrectionNeeded, IllegalTransition, ConsentEnded
    """
    if await is_repeated(session, row, answer):
        return
    # An older answer that arrives late is stored, and does not move the state back.
    is_stale = await _is_stale(session, row, answer)
    changes = not is_stale and await _changes_offer(session, row, answer)
    is_late = row.state in LATE_STATES
    await store_answer(session, row, answer, actor.sub, changed=changes, late=is_late)
    if changes:
        await _apply_answer(session, row, answer, actor, late=is_late)


async def is_repeated(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> bool:
    """Return whether this answer is stored.

    Raises:
        AnswerIdReused: its id is that of another answer.
    """
    statement = sa.select(PartnerAnswer.digest).where(
        PartnerAnswer.rujukan_program_id == row.rujukan_program_id,
        PartnerAnswer.answer_id == answer.answer_id,
    )
    digest = await session.scalar(statement)
    if digest is not None and digest != answer.digest():
        raise AnswerIdReused("/body/answer_id", answer_id=answer.answer_id)
    return digest is not None


async def _is_stale(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> bool:
    newest = sa.select(sa.func.max(PartnerAnswer.answered_on)).where(
        PartnerAnswer.rujukan_program_id == row.rujukan_program_id, PartnerAnswer.changed, is_standing()
    )
    on = await session.scalar(newest)
    return on is not None and answer.answered_on < on


async def _changes_offer(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> bool:
    """Return whether the answer changes the offer. A repeated state may add an amount.

    Raises:
        CorrectionNeeded: it repeats the state with other values.
    """
    if row.state in LATE_STATES:
        return await is_reopenable(session, row)
    if row.state in DELIVERED_STATES and answer.status is not S.DITOLAK:
        return False  # the delivery implies it
    if row.state is not answer.status:
        return True
    known = (row.amount_rp, row.refusal_code)
    for value, recorded in zip((answer.amount_rp, answer.reason_code), known, strict=True):
        if value is not None and recorded is not None and value != recorded:
            raise CorrectionNeeded("/body/status", current=row.state)
    return row.amount_rp is None and answer.amount_rp is not None and row.state is not S.DITOLAK


async def is_reopenable(session: AsyncSession, row: RujukanProgram) -> bool:
    """Return whether a late fact or a correction may reopen an ended offer.

    Its consent is in force, and the graduation was not undone.
    """
    if row.state is S.DICABUT or row.lapsed_on is not None:
        return False
    consent = await session.scalar(
        sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
    )
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    return consent is not None and consent.in_force and rujukan.state is not RujukanState.DICABUT


async def require_reopenable(session: AsyncSession, row: RujukanProgram, answer: AnswerInput) -> None:
    """Raise ConsentEnded if the answer would reopen a refused offer whose consent has ended."""
    if row.state is S.DITOLAK is not answer.status and not await is_reopenable(session, row):
        raise ConsentEnded


async def _apply_answer(
    session: AsyncSession, row: RujukanProgram, answer: AnswerInput, actor: Actor, *, late: bool
) -> None:
    await require_reopenable(session, row, answer)
    reason = MoveReason.JAWABAN_TERLAMBAT if late else MoveReason.JAWABAN_MITRA
    amount_rp = answer.amount_rp if answer.amount_rp is not None else row.amount_rp
    move = Move(actor, await clock.today(session), reason, answer.reason_code)
    try:
        await apply_values(session, row, answer, amount_rp, move, revised=late)
    except IllegalTransition:
        if row.state in PARTNER_ANSWERS:
            raise CorrectionNeeded("/body/status", current=row.state) from None
        raise
    emit_answer(session, row, answer, late=late)


async def apply_values(
    session: AsyncSession,
    row: RujukanProgram,
    answer: AnswerInput,
    amount_rp: int | None,
    move: Move,
    *,
    revised: bool,
) -> None:
    """Give the offer the state and values of an answer. A refusal has no amount.

    Raises:
        IllegalTransition
    """
    row.refusal_code = answer.reason_code
    row.amount_rp = None if answer.status is S.DITOLAK else amount_rp
    if row.state is answer.status:
        row.version += 1
        return
    with session.no_autoflush:  # the state and its refusal code change in one statement
        await move_rujukan_program(session, row, answer.status, move, revised=revised)


def emit_answer(
    session: AsyncSession, row: RujukanProgram, answer: AnswerInput, *, corrected: bool = False, late: bool
) -> None:
    """Emit the state of the offer after an answer."""
    values = {"reason_code": row.refusal_code, "amount_rp": row.amount_rp, "answered_on": answer.answered_on}
    emit(session, RujukanAnswered.of(row, status=row.state, corrected=corrected, late=late, **values))


async def store_answer(
    session: AsyncSession,
    row: RujukanProgram,
    answer: AnswerInput,
    by: str,
    *,
    changed: bool,
    late: bool = False,
    corrects_id: UUID | None = None,
) -> None:
    """Store an answer with its words sealed.

    Raises:
        AnswerIdReused
    """
    partner_answer_id, sealed = uuid7(), None
    if answer.reason_text is not None:
        sealed = vault_of(session).seal(
            answer.reason_text, table="partner_answer", column="reason_text_sealed", row_id=partner_answer_id
        )
    stored = PartnerAnswer(
        **{name: getattr(answer, name) for name in AnswerTerms.model_fields},
        partner_answer_id=partner_answer_id,
        rujukan_program_id=row.rujukan_program_id,
        digest=answer.digest(),
        reason_text_sealed=sealed,
        changed=changed,
        late=late,
        corrects_id=corrects_id,
        recorded_by=by,
    )
    reused = AnswerIdReused("/body/answer_id", answer_id=answer.answer_id)
    await insert(session, stored, uq_partner_answer_once=reused)
