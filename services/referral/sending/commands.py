"""Telling a partner of a rujukan, between two transactions: lease and read, call, record. Nothing is lost while it is down.

Retries are due work on the real clock, for ever, each later than the last up to an hour, with jitter.
"""

from datetime import UTC, date, datetime
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.answer.commands import take_answer
from services.referral.answer.models import PartnerAnswer
from services.referral.consent.models import Consent, Identity
from services.referral.notice.commands import (
    ask_telling,
    attempted,
    or_unreadable,
    put_notice,
    ready,
    taken,
    tell_partner,
)
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.partner.commands.breaker import lane_of
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.queries import office_of
from services.referral.place.commands import seek_place
from services.referral.program.models import Program, SendFrom
from services.referral.program.rules import Sharing, rujukan_payload
from services.referral.rujukan.commands import SYSTEM, Move, walk
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, RujukanState
from shared import clock
from shared.contracts.kinds import RefusalCode, RujukanProgramState
from shared.database import load, vault_of
from shared.jobs import Due, schedule

SENDING = "rujukan.send"
WAITING = frozenset({RujukanProgramState.DISETUJUI_KPM, RujukanProgramState.GAGAL_KIRIM})


async def ask_sending(session: AsyncSession, rujukan_program_id: UUID, *, attempt: int = 0) -> None:
    """Let the sending fall due; whether all is there for it is looked at then."""
    wanted = sa.select(RujukanProgram.partner_id).where(
        RujukanProgram.rujukan_program_id == rujukan_program_id
    )
    await _fall_due(session, rujukan_program_id, (await session.scalars(wanted)).one(), attempt)


async def ask_all(session: AsyncSession, rujukan_id: UUID) -> None:
    """Let the sending of all in a case fall due that have not gone yet."""
    wanted = sa.select(RujukanProgram.rujukan_program_id, RujukanProgram.partner_id).where(
        RujukanProgram.rujukan_id == rujukan_id, RujukanProgram.state.in_(WAITING)
    )
    for rujukan_program_id, partner_id in (await session.execute(wanted)).all():
        await _fall_due(session, rujukan_program_id, partner_id, 0)


async def _fall_due(session: AsyncSession, rujukan_program_id: UUID, partner_id: UUID, attempt: int) -> None:
    await schedule(
        session,
        SENDING,
        datetime.now(UTC) + backoff(attempt),
        subject_id=rujukan_program_id,
        clock="real",
        payload={"attempt": attempt},
        lane=lane_of(partner_id),
    )


@or_unreadable
async def prepare_sending(session: AsyncSession, due: Due) -> Call | None:
    """Return the call, or None while something is missing, which asks again when it comes.

    From here on the partner may know of the rujukan, by webhook or through its inbox: `shared_at` is set before the
    call, so that a withdrawal that comes between is told too.
    """
    sharing = await sharing_of(session, UUID(due.subject_id))
    if sharing is None or sharing.row.state not in WAITING:
        return None
    row = sharing.row
    row.shared_at = row.shared_at or datetime.now(UTC)
    notice = await put_notice(session, row, Notice.RUJUKAN, await clock.today(session))
    return await ready(session, due, notice, rujukan_payload(sharing))


async def sharing_of(session: AsyncSession, rujukan_program_id: UUID) -> Sharing | None:
    """Gather what a sending needs; None unless every condition of it holds now."""
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
    if consent is None or consent.withdrawn_on is not None or identity is None:
        return None
    if row.state in WAITING and not await seek_place(session, row, await clock.today(session)):
        return None  # it waits for a place or for the intake, and is asked for again when its turn comes
    person = vault_of(session).open(
        identity.sealed, table="identity", column="sealed", row_id=rujukan_program_id
    )
    return Sharing(
        rujukan, row, program, consent, await office_of(session, row.kode_wilayah), orjson.loads(person)
    )


async def record_sending(session: AsyncSession, due: Due, outcome: Reply | None) -> None:
    """Record what the partner's system said: taken, refused with a code, or to be tried again."""
    if outcome is None:
        return
    row = await load(session, RujukanProgram, UUID(due.subject_id))
    today = await clock.today(session)
    fields = (await session.get_one(Program, row.program_id)).minimum_data
    await attempted(session, row.rujukan_program_id, row.partner_id, Notice.RUJUKAN, outcome, fields)
    has_it = outcome.taken or refusal_in(outcome) is not None
    if has_it:  # also where its answer was here before its reply
        taken(await put_notice(session, row, Notice.RUJUKAN, today), SYSTEM)
    if row.state is RujukanProgramState.DICABUT and outcome.called:
        await tell_withdrawal_again(session, row)
    elif has_it and row.state in WAITING:
        await _sent(session, row, outcome, today)
    elif row.state in WAITING:
        await _failed(session, row, outcome, due, today)


async def tell_withdrawal_again(session: AsyncSession, row: RujukanProgram) -> None:
    """Tell of a withdrawal even if the partner has said that it has it: a call that it overtook may have come after."""
    on = row.withdrawn_on or await clock.today(session)
    notice = await put_notice(session, row, Notice.DICABUT, on)
    notice.taken_at = notice.taken_by = None
    await tell_partner(session, row, Notice.DICABUT, on)


async def _failed(session: AsyncSession, row: RujukanProgram, reply: Reply, due: Due, today: date) -> None:
    if row.state is RujukanProgramState.DISETUJUI_KPM:
        await walk(session, row, RujukanProgramState.GAGAL_KIRIM, Move(SYSTEM, today, said(reply)))
    if not due.moved:
        await ask_sending(session, row.rujukan_program_id, attempt=due.payload["attempt"] + 1)


async def _sent(session: AsyncSession, row: RujukanProgram, reply: Reply, today: date) -> None:
    move = Move(SYSTEM, today, "the partner's system took it")
    await walk(session, row, RujukanProgramState.TERKIRIM, move)
    await _answered(session, row, reply, today)


async def _answered(session: AsyncSession, row: RujukanProgram, reply: Reply, today: date) -> None:
    """200 is done, 202 is "I call back", a refusal is an answer at once (interop.md 1.2, partner effects)."""
    refusal = refusal_in(reply)
    if refusal is None and reply.status != 200:
        return
    status = RujukanProgramState.DITOLAK if refusal else RujukanProgramState.DITERIMA_SISTEM
    said = PartnerAnswer(
        answer_id=f"reply:{row.rujukan_program_id}", status=status, reason_code=refusal, answered_on=today
    )
    await take_answer(session, row, said, SYSTEM)


def refusal_in(reply: Reply) -> RefusalCode | None:
    """Return the reason code of a 422 that has one; every other 4xx is a fault of ours or theirs, and is retried."""
    content = reply.content
    if reply.status != 422 or not isinstance(content, dict):
        return None
    code = content.get("reason_code")
    return RefusalCode(code) if isinstance(code, str) and code in list(RefusalCode.known()) else None


def said(reply: Reply) -> str:
    """Return what came of a try, in a word: a status, or the fault's name."""
    return f"status {reply.status}" if reply.status is not None else f"fault {reply.fault}"


UNTAKEN = "partner.untaken"
AT_ONCE = 200


async def ask_all_untaken(session: AsyncSession, partner_id: UUID) -> None:
    """Let the worker look through what the partner has not taken; it may be what gathered in days."""
    await schedule(session, UNTAKEN, datetime.now(UTC), subject_id=partner_id, clock="real")


async def ask_untaken(session: AsyncSession, due: Due) -> None:
    """Let the next ones fall due by webhook, oldest first, and go on after them."""
    place = (PartnerNotice.told_at, PartnerNotice.notice_id)
    mine = (PartnerNotice.partner_id == UUID(due.subject_id), PartnerNotice.taken_at.is_(None))
    wanted = sa.select(PartnerNotice).where(*mine).order_by(*place).limit(AT_ONCE)
    if due.payload:
        after = (datetime.fromisoformat(due.payload["told_at"]), UUID(due.payload["notice_id"]))
        wanted = wanted.where(sa.tuple_(*place) > sa.tuple_(*map(sa.literal, after)))
    notices = (await session.scalars(wanted)).all()
    for notice in notices:
        if notice.notice is Notice.RUJUKAN:
            await ask_sending(session, notice.rujukan_program_id)
        else:
            await ask_telling(session, notice.notice_id, notice.partner_id)
    if len(notices) == AT_ONCE:
        last = {"told_at": notices[-1].told_at.isoformat(), "notice_id": str(notices[-1].notice_id)}
        now = datetime.now(UTC)
        await schedule(session, UNTAKEN, now, subject_id=due.subject_id, clock="real", payload=last)
