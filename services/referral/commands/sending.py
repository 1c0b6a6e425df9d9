"""Telling a partner of a rujukan, between two transactions: lease and read, call, record. Nothing is lost while it is down.

Retries are due work on the real clock, for ever, each later than the last up to an hour, with jitter.
"""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.answering import Said, take_answer
from services.referral.commands.breaker import lane_of
from services.referral.commands.moves import Move, walk
from services.referral.commands.notices import (
    SYSTEM,
    attempted,
    named,
    put_notice,
    put_off,
    ready,
    taken,
    tell_partner,
)
from services.referral.commands.places import seek_place
from services.referral.models import (
    ENDED,
    Consent,
    Identity,
    Notice,
    Office,
    PartnerNotice,
    Program,
    Rujukan,
    RujukanProgram,
    RujukanState,
    SendFrom,
)
from services.referral.payload import Sharing, rujukan_payload
from services.referral.webhook import Call, PutOff, Reply, backoff
from shared import clock, wilayah
from shared.contracts.kinds import RefusalCode, RujukanProgramState
from shared.database import load, vault_of
from shared.jobs import Due, schedule, unschedule

SENDING = "rujukan.send"
WAITING = frozenset({RujukanProgramState.DISETUJUI_KPM, RujukanProgramState.GAGAL_KIRIM})


async def ask_sending(session: AsyncSession, rujukan_program_id: UUID, *, attempt: int = 0) -> None:
    """Let the sending fall due; whether all is there for it is looked at then."""
    partner = sa.select(RujukanProgram.partner_id).where(
        RujukanProgram.rujukan_program_id == rujukan_program_id
    )
    await schedule(
        session,
        SENDING,
        datetime.now(UTC) + backoff(attempt),
        subject_id=rujukan_program_id,
        clock="real",
        payload={"attempt": attempt},
        lane=lane_of((await session.scalars(partner)).one()),
    )


async def ask_withdrawal(session: AsyncSession, row: RujukanProgram) -> None:
    """Let the partner be told of the withdrawal, and of nothing else any more."""
    await unschedule(session, SENDING, row.rujukan_program_id)
    await tell_partner(session, row, Notice.DICABUT, row.withdrawn_on or await clock.today(session))


async def prepare_sending(session: AsyncSession, due: Due) -> Call | PutOff | None:
    """Return the call, or None while something is missing, which asks again when it comes.

    From here on the partner may know of the rujukan, by webhook or through its inbox: `shared_at` is set before the
    call, so that a withdrawal that comes between is told too.
    """
    sharing = await sharing_of(session, UUID(due.subject_id))
    if sharing is None or sharing.row.state not in WAITING:
        return None
    row = sharing.row
    row.shared_at = row.shared_at or datetime.now(UTC)
    told = await put_notice(session, row, Notice.RUJUKAN, await clock.today(session))
    return await ready(session, row.partner_id, told, rujukan_payload(sharing))


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


async def office_of(session: AsyncSession, kode_wilayah: str) -> Office:
    """Return the Dinsos office of the kabupaten; by its area's name alone where nobody has given its contact."""
    code = ".".join(kode_wilayah.split(".")[:2])
    return await session.get(Office, code) or Office(
        kode_wilayah=code, name=f"Dinas Sosial {wilayah.name(code) or code}", phone=None, email=None
    )


async def record_sending(session: AsyncSession, due: Due, outcome: Reply | PutOff | None) -> None:
    """Record what the partner's system said: taken, refused with a code, or to be tried again."""
    if outcome is None:
        return
    row = await load(session, RujukanProgram, UUID(due.subject_id))
    if isinstance(outcome, PutOff):
        await put_off(session, due, outcome, row.partner_id)
        return
    program = await session.get_one(Program, row.program_id)
    await attempted(
        session, row.rujukan_program_id, row.partner_id, Notice.RUJUKAN, outcome, program.minimum_data
    )
    if row.state is RujukanProgramState.DICABUT:
        await _tell_again(session, row)  # it may have overtaken the withdrawal
    if row.state in WAITING:
        await _note(session, row, outcome, due.payload["attempt"])


async def _tell_again(session: AsyncSession, row: RujukanProgram) -> None:
    """Tell of a withdrawal even if the partner has said that it has it: what it has now may be newer."""
    told = named(row.rujukan_program_id, Notice.DICABUT, row.withdrawn_on or await clock.today(session))
    notice = await session.get(PartnerNotice, told.notice_id, with_for_update=True)
    if notice is not None:
        notice.taken_at = notice.taken_by = None
    await ask_withdrawal(session, row)


async def _note(session: AsyncSession, row: RujukanProgram, reply: Reply, attempt: int) -> None:
    move = Move(SYSTEM, await clock.today(session), "the partner's system took it")
    if reply.taken or refusal_in(reply) is not None:
        await walk(session, row, RujukanProgramState.TERKIRIM, move)
        notice_id = named(row.rujukan_program_id, Notice.RUJUKAN, move.on).notice_id
        taken(await session.get_one(PartnerNotice, notice_id), SYSTEM)
        await _taken(session, row, reply, move)
        return
    if row.state is RujukanProgramState.DISETUJUI_KPM:
        await walk(session, row, RujukanProgramState.GAGAL_KIRIM, Move(SYSTEM, move.on, said(reply)))
    await ask_sending(session, row.rujukan_program_id, attempt=attempt + 1)


async def _taken(session: AsyncSession, row: RujukanProgram, reply: Reply, move: Move) -> None:
    """200 is done, 202 is "I call back", a refusal is an answer at once (interop.md 1.2, partner effects)."""
    refusal = refusal_in(reply)
    if refusal is not None:
        said = Said(
            f"reply:{row.rujukan_program_id}", RujukanProgramState.DITOLAK, refusal, None, None, move.on
        )
        await take_answer(session, row, said, SYSTEM)
    elif reply.status == 200:
        said = Said(
            f"reply:{row.rujukan_program_id}", RujukanProgramState.DITERIMA_SISTEM, None, None, None, move.on
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
