"""Send a rujukan to its partner between two transactions: lease and read, call, record.

Failed calls are retried without end on the real clock, with backoff of up to an hour and jitter. So nothing
is lost while the partner is down.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.commands.answers import record_answer
from services.referral.answer.models import AnswerInput
from services.referral.consent.models import Consent, Identity
from services.referral.notice.commands import (
    mark_taken,
    notice_identity,
    notify_withdrawal_again,
    prepare_call,
    record_attempt,
    schedule_notice,
    seal_broken_as_reply,
    store_notice,
)
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.partner.commands.breaker import partner_lane
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.queries import read_office
from services.referral.place.commands import reserve_place
from services.referral.program.models import Program, SendFrom
from services.referral.program.rules import Sharing, rujukan_payload
from services.referral.rujukan.commands import SYSTEM, Move, move_rujukan_program
from services.referral.rujukan.models import ENDED, UNSENT_STATES, Rujukan, RujukanProgram, RujukanState
from services.referral.signature.queries import must_lapse
from services.referral.tables import MoveReason
from shared import clock
from shared.contracts.rujukan_kinds import RefusalCode, RujukanProgramState
from shared.database import load, vault_of
from shared.jobs import ScheduledTask, schedule

SEND_RUJUKAN = "rujukan.send"


async def schedule_sending(session: AsyncSession, rujukan_program_id: UUID, *, attempt: int = 0) -> None:
    """Schedule the sending. Whether all its conditions hold is checked when it is due."""
    statement = sa.select(RujukanProgram.partner_id).where(
        RujukanProgram.rujukan_program_id == rujukan_program_id
    )
    await _schedule_sending(session, rujukan_program_id, (await session.scalars(statement)).one(), attempt)


async def schedule_all_sendings(session: AsyncSession, rujukan_id: UUID) -> None:
    """Schedule all sendings of a rujukan that were not sent yet."""
    statement = sa.select(RujukanProgram.rujukan_program_id, RujukanProgram.partner_id).where(
        RujukanProgram.rujukan_id == rujukan_id, RujukanProgram.state.in_(UNSENT_STATES)
    )
    for rujukan_program_id, partner_id in (await session.execute(statement)).all():
        await _schedule_sending(session, rujukan_program_id, partner_id, 0)


async def _schedule_sending(
    session: AsyncSession, rujukan_program_id: UUID, partner_id: UUID, attempt: int
) -> None:
    await schedule(
        session,
        SEND_RUJUKAN,
        datetime.now(UTC) + backoff(attempt),
        subject_id=rujukan_program_id,
        clock="real",
        payload={"attempt": attempt},
        lane=partner_lane(partner_id),
    )


@seal_broken_as_reply
async def prepare_sending(session: AsyncSession, due: ScheduledTask) -> Call | None:
    """Return the call, or None while a condition is missing.

    What completes the condition schedules the sending again. `shared_at` is set before the call, because
    from here on the partner may know of the rujukan by webhook or inbox. So a withdrawal in between is sent
    too. `shared_on` is set only with a call or a read.
    """
    sharing = await read_sharing(session, UUID(due.subject_id))
    if sharing is None or sharing.row.state not in UNSENT_STATES:
        return None
    row = sharing.row
    row.shared_at = row.shared_at or datetime.now(UTC)
    notice = await store_notice(session, row, Notice.RUJUKAN, await clock.today(session))
    fields = sharing.program.minimum_data
    return await prepare_call(session, due, notice, rujukan_payload(sharing, notice), fields)


async def read_sharing(session: AsyncSession, rujukan_program_id: UUID) -> Sharing | None:
    """Return what a sending needs, or None unless every condition of it holds now."""
    row = await session.get(RujukanProgram, rujukan_program_id, with_for_update={"key_share": True})
    if row is None or row.state in ENDED:
        return None
    rujukan, program = (
        await session.get_one(Rujukan, row.rujukan_id),
        await session.get_one(Program, row.program_id),
    )
    if rujukan.state is not RujukanState.TERBUKA or rujukan.paused:
        return None
    if program.send_from is SendFrom.EFFECTIVE and rujukan.effective_on is None:
        return None
    consent = await session.scalar(sa.select(Consent).where(Consent.rujukan_program_id == rujukan_program_id))
    identity = await session.scalar(sa.select(Identity).where(Identity.for_id == rujukan_program_id))
    if consent is None or not consent.in_force or identity is None or await must_lapse(session, row):
        return None
    today = await clock.today(session)
    if row.state in UNSENT_STATES and not await reserve_place(session, row, today):
        return None  # it waits for a place or the intake, and is scheduled again at its turn
    person = vault_of(session).open(
        identity.sealed, table="identity", column="sealed", row_id=rujukan_program_id
    )
    office = await read_office(session, row.kode_wilayah)
    sla_due_on = row.sla_due_on or today + timedelta(days=program.sla_days)
    return Sharing(rujukan, row, program, consent, office, orjson.loads(person), sla_due_on)


async def record_sending(session: AsyncSession, due: ScheduledTask, outcome: Reply | None) -> None:
    """Record the reply: accepted, refused with a reason code, or failed and scheduled again."""
    if outcome is None:
        return
    row = await load(session, RujukanProgram, UUID(due.subject_id))
    today = await clock.today(session)
    notice_id = notice_identity(row.rujukan_program_id, Notice.RUJUKAN, today).notice_id
    await record_attempt(session, row, Notice.RUJUKAN, outcome, notice_id)
    if is_taken(Notice.RUJUKAN, outcome):  # also if its answer came before its reply
        mark_taken(await store_notice(session, row, Notice.RUJUKAN, today), SYSTEM.sub)
    if row.state is RujukanProgramState.DICABUT and outcome.left:
        await notify_withdrawal_again(session, row)
    elif is_taken(Notice.RUJUKAN, outcome):
        await apply_reply(session, row, outcome)
    elif row.state in UNSENT_STATES:
        await _record_failure(session, row, outcome, due, today)


async def _record_failure(
    session: AsyncSession, row: RujukanProgram, reply: Reply, due: ScheduledTask, today: date
) -> None:
    if row.state is RujukanProgramState.DISETUJUI_KPM:
        await move_rujukan_program(
            session,
            row,
            RujukanProgramState.GAGAL_KIRIM,
            Move(SYSTEM, today, MoveReason.TIDAK_TERKIRIM, describe_reply(reply)),
        )
    if not due.moved:
        await schedule_sending(session, row.rujukan_program_id, attempt=due.payload["attempt"] + 1)


async def apply_reply(session: AsyncSession, row: RujukanProgram, reply: Reply) -> None:
    """Apply the reply to a RUJUKAN that the partner has taken (docs/api-partner.md#replies).

    The offer is TERKIRIM. Until it has an answer, 200 is DITERIMA_SISTEM, 202 means that the partner answers
    later, and a 422 with a reason code is DITOLAK.
    """
    today, refusal = await clock.today(session), refusal_code_of(reply)
    if row.state in UNSENT_STATES:
        move = Move(SYSTEM, today, MoveReason.DITERIMA_MITRA)
        await move_rujukan_program(session, row, RujukanProgramState.TERKIRIM, move)
    if row.state is not RujukanProgramState.TERKIRIM or (refusal is None and reply.status != 200):
        return
    status = RujukanProgramState.DITOLAK if refusal else RujukanProgramState.DITERIMA_SISTEM
    answer = AnswerInput(
        answer_id=f"reply:{row.rujukan_program_id}", status=status, reason_code=refusal, answered_on=today
    )
    await record_answer(session, row, answer, SYSTEM)


def is_taken(notice: Notice, reply: Reply) -> bool:
    """Return whether the reply shows that the partner has the notice.

    A refusal of a RUJUKAN with a reason code does too.
    """
    return reply.accepted or (notice is Notice.RUJUKAN and refusal_code_of(reply) is not None)


def refusal_code_of(reply: Reply) -> RefusalCode | None:
    """Return the reason code of a 422, or None.

    Every other 4xx is a fault of one side, and is retried.
    """
    content = reply.content
    if reply.status != 422 or not isinstance(content, dict):
        return None
    code = content.get("reason_code")
    return RefusalCode(code) if isinstance(code, str) and code in list(RefusalCode.known()) else None


def describe_reply(reply: Reply) -> str:
    """Return the reply as a short text: its status, or the name of the fault."""
    return f"status {reply.status}" if reply.status is not None else f"fault {reply.fault}"


SEND_NOTICES = "partner.send_notices"
BATCH_SIZE = 200


async def schedule_pending_notices(session: AsyncSession, partner_id: UUID) -> None:
    """Schedule all notices that the partner has not accepted, in batches."""
    await schedule(session, SEND_NOTICES, datetime.now(UTC), subject_id=partner_id, clock="real")


async def send_pending_notices(session: AsyncSession, due: ScheduledTask) -> None:
    """Schedule the webhooks of the next batch, oldest first, and then the batch after it."""
    order = (PartnerNotice.created_at, PartnerNotice.notice_id)
    untaken = (PartnerNotice.partner_id == UUID(due.subject_id), PartnerNotice.taken_at.is_(None))
    statement = sa.select(PartnerNotice).where(*untaken).order_by(*order).limit(BATCH_SIZE)
    if due.payload:
        after = (datetime.fromisoformat(due.payload["created_at"]), UUID(due.payload["notice_id"]))
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*map(sa.literal, after)))
    notices = (await session.scalars(statement)).all()
    for notice in notices:
        if notice.notice is Notice.RUJUKAN:
            await schedule_sending(session, notice.rujukan_program_id)
        else:
            await schedule_notice(session, notice.notice_id, notice.partner_id)
    if len(notices) == BATCH_SIZE:
        last = {"created_at": notices[-1].created_at.isoformat(), "notice_id": str(notices[-1].notice_id)}
        now = datetime.now(UTC)
        await schedule(session, SEND_NOTICES, now, subject_id=due.subject_id, clock="real", payload=last)
