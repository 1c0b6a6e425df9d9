"""Telling a partner what is no rujukan of its own: taken back, run out, still waited for; and telling it all again.

Each is a notice: one row, told by webhook for ever later until the partner's system takes it, and in its inbox until
its receipt does. Its content is made at the moment of telling.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import orjson
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.breaker import held_until, lane_of, note_reply
from services.referral.models import (
    WAITS_FOR_PARTNER,
    Attempt,
    Notice,
    Partner,
    PartnerNotice,
    Rujukan,
    RujukanProgram,
)
from services.referral.payload import notice_payload
from services.referral.webhook import Call, PutOff, Reply, backoff
from shared.contracts.kinds import RujukanProgramState
from shared.database import uuid7, vault_of
from shared.jobs import Due, schedule, unschedule

TELLING = "notice.tell"
SYSTEM = "system:referral"
STILL_SAYS = {
    Notice.DICABUT: frozenset({RujukanProgramState.DICABUT}),
    Notice.KEDALUWARSA: frozenset({RujukanProgramState.KEDALUWARSA}),
    Notice.PENGINGAT: WAITS_FOR_PARTNER,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A notice, as it is named to its partner; the same on every try."""

    notice_id: UUID
    key: str


def named(subject: UUID, notice: Notice, on: date) -> Told:
    """Return under which id and idempotency key a partner is told; a reminder is one for each SLA, all else is once."""
    if notice is Notice.RUJUKAN:
        return Told(uuid5(subject, notice.value), str(subject))
    name = f"{notice.value}:{on}" if notice is Notice.PENGINGAT else notice.value
    return Told(uuid5(subject, name), f"{subject}:{name}")


async def put_notice(session: AsyncSession, row: RujukanProgram, notice: Notice, on: date) -> Told:
    """Write once that the partner is to be told; from now on its inbox has it."""
    told = named(row.rujukan_program_id, notice, on)
    new = insert_into(PartnerNotice).values(
        notice_id=told.notice_id,
        rujukan_program_id=row.rujukan_program_id,
        partner_id=row.partner_id,
        notice=notice,
        on=on,
        told_at=datetime.now(UTC),
    )
    await session.flush()
    await session.execute(new.on_conflict_do_nothing())
    return told


async def tell_partner(session: AsyncSession, row: RujukanProgram, notice: Notice, on: date) -> None:
    """Let the partner be told of what names no person, by webhook as soon as can be, and in its inbox from now on."""
    told = await put_notice(session, row, notice, on)
    await ask_telling(session, told.notice_id, row.partner_id)


async def ask_telling(session: AsyncSession, notice_id: UUID, partner_id: UUID, *, attempt: int = 0) -> None:
    """Let the next try fall due, later each time."""
    due_at = datetime.now(UTC) + backoff(attempt)
    await schedule(
        session,
        TELLING,
        due_at,
        subject_id=notice_id,
        clock="real",
        payload={"attempt": attempt},
        lane=lane_of(partner_id),
    )


async def prepare_telling(session: AsyncSession, due: Due) -> Call | PutOff | None:
    """Return the call, or None where the notice says nothing any more, or has been taken."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id))
    if notice is None or notice.taken_at is not None:
        return None
    row = await session.get_one(RujukanProgram, notice.rujukan_program_id)
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    if row.state not in STILL_SAYS[notice.notice] or (rujukan.paused and notice.notice is Notice.PENGINGAT):
        return None
    payload = notice_payload(notice.notice, row.rujukan_program_id, notice.on)
    return await ready(
        session, row.partner_id, named(row.rujukan_program_id, notice.notice, notice.on), payload
    )


async def ready(
    session: AsyncSession, partner_id: UUID, told: Told, payload: dict[str, object]
) -> Call | PutOff | None:
    """Return the call to a partner that has a webhook. Nothing is signed yet: the timestamp is the call's moment."""
    partner = await session.get_one(Partner, partner_id)
    if partner.webhook_url is None or partner.secret_sealed is None:
        return None
    if (until := await held_until(session, partner_id)) is not None:
        return PutOff(until)
    secret = vault_of(session).open(
        partner.secret_sealed, table="partner", column="secret_sealed", row_id=partner_id
    )
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    return Call(partner.webhook_url, body, secret.encode(), str(told.notice_id), told.key)


async def record_telling(session: AsyncSession, due: Due, outcome: Reply | PutOff | None) -> None:
    """Record that the partner knows, or tell it again later."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id), with_for_update=True)
    if notice is None or outcome is None:
        return
    if isinstance(outcome, PutOff):
        await put_off(session, due, outcome, notice.partner_id)
        return
    await attempted(session, notice.rujukan_program_id, notice.partner_id, notice.notice, outcome, [])
    if outcome.taken:
        taken(notice, SYSTEM)
    elif notice.taken_at is None:
        await ask_telling(session, notice.notice_id, notice.partner_id, attempt=due.payload["attempt"] + 1)


async def put_off(session: AsyncSession, due: Due, held: PutOff, partner_id: UUID) -> None:
    """Ask again when the partner is called again; it is no further try."""
    await schedule(
        session,
        due.kind,
        held.until,
        subject_id=due.subject_id,
        clock="real",
        payload=due.payload,
        lane=lane_of(partner_id),
    )


def taken(notice: PartnerNotice, by: str) -> None:
    """The partner has it; said again, the first time stands."""
    if notice.taken_at is None:
        notice.taken_at, notice.taken_by = datetime.now(UTC), by


async def attempted(
    session: AsyncSession, subject: UUID, partner_id: UUID, notice: Notice, reply: Reply, fields: list[str]
) -> None:
    """Keep one try, and let the partner's breaker know of it."""
    session.add(
        Attempt(
            attempt_id=uuid7(),
            rujukan_program_id=subject,
            notice=notice,
            fields=fields,
            http_status=reply.status,
            fault=reply.fault,
            milliseconds=reply.milliseconds,
        )
    )
    await note_reply(session, partner_id, reply)


async def forget_telling(session: AsyncSession, notice_id: UUID) -> None:
    """The partner has taken it itself: no webhook any more."""
    await unschedule(session, TELLING, notice_id)
