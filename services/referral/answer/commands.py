"""What a partner says: answers, each once however often it says it, and the delivery of the aid."""

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
from services.referral.answer.models import Answer, AnswerTerms, PartnerAnswer
from services.referral.follow_up.commands import open_tasks
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.program.models import Program
from services.referral.rujukan.commands import Move, walk
from services.referral.rujukan.models import RujukanProgram
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.contracts.referral import RujukanAnswered, RujukanDelivered
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_past
from shared.messaging import emit

S = RujukanProgramState


async def answer_rujukan(
    session: AsyncSession, rujukan_program_id: UUID, said: PartnerAnswer, actor: Actor
) -> RujukanProgram:
    """Take a partner's answer on one of its own rujukan.

    Raises:
        NotFound: it is not the caller's. ReasonCodeNeeded, AnswerIdReused, AmountOutsideProgram, DateInTheFuture,
        DateTooEarly, IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    if (said.reason_code is not None) != (said.status is S.DITOLAK):
        raise ReasonCodeNeeded("/body/reason_code")
    today = await clock.today(session)
    require_past(said.answered_on, today, "/body/answered_on", earliest=await _told_on(session, row))
    await require_amount(session, row, said.amount_rp)
    await take_answer(session, row, said, actor.sub)
    return row


async def _told_on(session: AsyncSession, row: RujukanProgram) -> date | None:
    """Return the day of the first try: the partner may have had it since then, though no reply came back."""
    first = sa.select(PartnerNotice.on).where(
        PartnerNotice.rujukan_program_id == row.rujukan_program_id, PartnerNotice.notice == Notice.RUJUKAN
    )
    return await session.scalar(first) or row.sent_on


async def take_answer(session: AsyncSession, row: RujukanProgram, said: PartnerAnswer, by: str) -> None:
    """Record the answer once; one that says what already stands changes nothing and is told to nobody.

    Raises:
        AnswerIdReused, IllegalTransition
    """
    reused = AnswerIdReused("/body/answer_id", answer_id=said.answer_id)
    known = await session.scalar(
        sa.select(Answer).where(
            Answer.rujukan_program_id == row.rujukan_program_id, Answer.partner_answer_id == said.answer_id
        )
    )
    if known is not None:
        if known.digest != said.digest():
            raise reused
        return
    # Said before what already stands, and come late: it is kept, and moves nothing back.
    changed = row.state is not said.status and not await _is_stale(session, row, said)
    await insert(session, _answer(session, row, said, by, changed=changed), uq_answer_once=reused)
    if changed:
        await _apply(session, row, said, by)


async def _is_stale(session: AsyncSession, row: RujukanProgram, said: PartnerAnswer) -> bool:
    newest = sa.select(sa.func.max(Answer.answered_on)).where(
        Answer.rujukan_program_id == row.rujukan_program_id, Answer.changed
    )
    on = await session.scalar(newest)
    return on is not None and said.answered_on < on


async def _apply(session: AsyncSession, row: RujukanProgram, said: PartnerAnswer, by: str) -> None:
    if said.status is S.DITOLAK:
        row.refusal_code = said.reason_code
    if said.amount_rp is not None:
        row.amount_rp = said.amount_rp
    reason = f"the partner answered {said.status}" + (f": {said.reason_code}" if said.reason_code else "")
    await walk(session, row, said.status, Move(by, await clock.today(session), reason))
    terms = {name: getattr(said, name) for name in ("reason_code", "amount_rp", "answered_on")}
    emit(session, RujukanAnswered.of(row, status=row.state, **terms))


def _answer(
    session: AsyncSession, row: RujukanProgram, said: PartnerAnswer, by: str, *, changed: bool
) -> Answer:
    answer_id, sealed = uuid7(), None
    if said.reason_text is not None:
        sealed = vault_of(session).seal(
            said.reason_text, table="answer", column="reason_text_sealed", row_id=answer_id
        )
    return Answer(
        **{name: getattr(said, name) for name in AnswerTerms.model_fields},
        answer_id=answer_id,
        rujukan_program_id=row.rujukan_program_id,
        partner_answer_id=said.answer_id,
        digest=said.digest(),
        reason_text_sealed=sealed,
        changed=changed,
        recorded_by=by,
    )


async def require_amount(session: AsyncSession, row: RujukanProgram, amount_rp: int | None) -> None:
    """Raise AmountOutsideProgram when the program's revision gives less than this."""
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
    """Record that the aid has reached the family; the partner's same delivery_id again changes nothing.

    Raises:
        NotFound, DeliveryAlreadyRecorded, AmountOutsideProgram, DateInTheFuture, DateTooEarly, IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    if row.delivery_id is not None:
        if (row.delivery_id, row.amount_rp, row.delivered_on) != (delivery_id, amount_rp, delivered_on):
            raise DeliveryAlreadyRecorded
        return row
    earliest = await _told_on(session, row)
    today = await clock.today(session)
    require_past(delivered_on, today, "/body/delivered_on", earliest=earliest)
    await require_amount(session, row, amount_rp)
    row.delivery_id, row.amount_rp, row.delivered_on = delivery_id, amount_rp, delivered_on
    await walk(session, row, S.DISALURKAN, Move(actor.sub, today, "the partner delivered"))
    await open_tasks(session, row, delivered_on)
    emit(session, RujukanDelivered.of(row, status=row.state))
    return row
