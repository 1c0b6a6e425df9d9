"""Telling a partner, between two transactions: lease and read, call, record. Nothing is lost while it is down.

Retries are due work on the real clock, for ever, each later than the last up to an hour, with jitter.
"""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.answering import Said, take_answer
from services.referral.commands.moves import Move, walk
from services.referral.commands.places import seek_place
from services.referral.models import (
    Attempt,
    Consent,
    Identity,
    Notice,
    Office,
    Partner,
    Program,
    Rujukan,
    RujukanProgram,
    RujukanState,
    SendFrom,
)
from services.referral.payload import Sharing, rujukan_payload, withdrawal_payload
from services.referral.webhook import Call, Reply
from shared import clock, wilayah
from shared.contracts.kinds import RefusalCode, RujukanProgramState
from shared.database import load, uuid7, vault_of
from shared.jobs import Due, schedule, unschedule

SENDING, WITHDRAWAL = "rujukan.send", "rujukan.withdrawal"
LONGEST_WAIT = 3600
SYSTEM = "system:referral"
WAITING = frozenset({RujukanProgramState.DISETUJUI_KPM, RujukanProgramState.GAGAL_KIRIM})


async def ask_sending(session: AsyncSession, rujukan_program_id: UUID, *, attempt: int = 0) -> None:
    """Let the sending fall due; whether all is there for it is looked at then."""
    await _ask(session, SENDING, rujukan_program_id, attempt)


async def ask_withdrawal(session: AsyncSession, rujukan_program_id: UUID, *, attempt: int = 0) -> None:
    """Let the telling of a withdrawal fall due, and no sending any more."""
    await unschedule(session, SENDING, rujukan_program_id)
    await _ask(session, WITHDRAWAL, rujukan_program_id, attempt)


async def _ask(session: AsyncSession, kind: str, rujukan_program_id: UUID, attempt: int) -> None:
    wait = timedelta(seconds=backoff(attempt)) if attempt else timedelta()
    due_at, payload = datetime.now(UTC) + wait, {"attempt": attempt}
    await schedule(session, kind, due_at, subject_id=rujukan_program_id, clock="real", payload=payload)


def backoff(attempt: int) -> float:
    """Return the seconds to wait before a try: twice as long each time, at most an hour, half to one and a half of it."""
    jitter = 0.5 + secrets.randbelow(1001) / 1000
    return min(LONGEST_WAIT, 2 ** min(attempt, 20)) * jitter


async def prepare_sending(session: AsyncSession, due: Due) -> Call | None:
    """Return the call, or None while something is missing, which asks again when it comes.

    From here on the partner may know of the rujukan: `shared_at` is set before the call, so that a withdrawal that
    comes between is told too.
    """
    sharing = await _sharing(session, UUID(due.subject_id))
    if sharing is None:
        return None
    partner = await session.get_one(Partner, sharing.row.partner_id)
    call = _call(session, partner, sharing.row.rujukan_program_id, Notice.RUJUKAN, rujukan_payload(sharing))
    if call is not None:
        sharing.row.shared_at = sharing.row.shared_at or datetime.now(UTC)
    return call


async def _sharing(session: AsyncSession, rujukan_program_id: UUID) -> Sharing | None:
    """Gather what a sending needs; None unless every condition of it holds now."""
    row = await session.get(RujukanProgram, rujukan_program_id, with_for_update={"key_share": True})
    if row is None or row.state not in WAITING:
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
    if not await seek_place(session, row, await clock.today(session)):
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


async def prepare_withdrawal(session: AsyncSession, due: Due) -> Call | None:
    """Return the call that takes a rujukan back at the partner."""
    row = await session.get(RujukanProgram, UUID(due.subject_id))
    if row is None or row.state is not RujukanProgramState.DICABUT or row.withdrawn_on is None:
        return None
    partner = await session.get_one(Partner, row.partner_id)
    payload = withdrawal_payload(row.rujukan_program_id, row.withdrawn_on.isoformat())
    return _call(session, partner, row.rujukan_program_id, Notice.DICABUT, payload)


def _call(
    session: AsyncSession, partner: Partner, subject: UUID, notice: Notice, payload: dict[str, object]
) -> Call | None:
    """Sign nothing yet: the timestamp is the moment of the call. Ids are the same on every try."""
    if partner.webhook_url is None or partner.secret_sealed is None:
        return None
    secret = vault_of(session).open(
        partner.secret_sealed, table="partner", column="secret_sealed", row_id=partner.partner_id
    )
    key = str(subject) if notice is Notice.RUJUKAN else f"{subject}:{notice.value}"
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    return Call(partner.webhook_url, body, secret.encode(), str(uuid5(subject, notice.value)), key)


async def record_sending(session: AsyncSession, due: Due, reply: Reply | None) -> None:
    """Record what the partner's system said: taken, refused with a code, or to be tried again."""
    if reply is None:
        return
    row = await load(session, RujukanProgram, UUID(due.subject_id))
    program = await session.get_one(Program, row.program_id)
    _attempted(session, row, Notice.RUJUKAN, reply, program.minimum_data)
    if row.state is RujukanProgramState.DICABUT:
        await ask_withdrawal(session, row.rujukan_program_id)  # it may have overtaken the withdrawal
    if row.state not in WAITING:
        return
    move = Move(SYSTEM, await clock.today(session), "the partner's system took it")
    refusal = refusal_in(reply)
    if reply.taken or refusal is not None:
        await walk(session, row, RujukanProgramState.TERKIRIM, move)
        await _taken(session, row, reply, move)
        return
    if row.state is RujukanProgramState.DISETUJUI_KPM:
        await walk(session, row, RujukanProgramState.GAGAL_KIRIM, Move(SYSTEM, move.on, said(reply)))
    await ask_sending(session, row.rujukan_program_id, attempt=due.payload["attempt"] + 1)


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


async def record_withdrawal(session: AsyncSession, due: Due, reply: Reply | None) -> None:
    """Record that the partner knows of the withdrawal, or tell it again later."""
    if reply is None:
        return
    row = await load(session, RujukanProgram, UUID(due.subject_id))
    _attempted(session, row, Notice.DICABUT, reply, [])
    if not reply.taken:
        await ask_withdrawal(session, row.rujukan_program_id, attempt=due.payload["attempt"] + 1)


def _attempted(
    session: AsyncSession, row: RujukanProgram, notice: Notice, reply: Reply, fields: list[str]
) -> None:
    session.add(
        Attempt(
            attempt_id=uuid7(),
            rujukan_program_id=row.rujukan_program_id,
            notice=notice,
            fields=fields,
            http_status=reply.status,
            fault=reply.fault,
            milliseconds=reply.milliseconds,
        )
    )
