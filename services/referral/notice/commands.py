"""Telling a partner what is no rujukan of its own: taken back, run out, still waited for; and telling it all again.

Each is a notice: one row, told by webhook for ever later until the partner's system takes it, and in its inbox until
its receipt does. Its content is made at the moment of telling.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.models import REMINDERS, Notice, PartnerNotice
from services.referral.partner.commands.breaker import held_until, lane_of, note_reply
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.models import Partner
from services.referral.program.rules import notice_payload
from services.referral.rujukan.commands import SYSTEM
from services.referral.rujukan.models import Rujukan, RujukanProgram
from services.referral.sending.models import Attempt
from shared.database import uuid7, vault_of, write_once
from shared.jobs import Due, schedule
from shared.privacy import SealBroken

TELLING = "notice.tell"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice, as it is named to its partner; the same on every try."""

    notice_id: UUID
    key: str


def named(subject: UUID, notice: Notice, on: date) -> Told:
    """Return under which id and idempotency key a partner is told; a reminder is one for each SLA, all else is once."""
    if notice is Notice.RUJUKAN:
        return Told(uuid5(subject, notice.value), str(subject))
    name = f"{notice.value}:{on}" if notice in REMINDERS else notice.value
    return Told(uuid5(subject, name), f"{subject}:{name}")


async def put_notice(session: AsyncSession, row: RujukanProgram, notice: Notice, on: date) -> PartnerNotice:
    """Write once that the partner is to be told; from now on its inbox has it. The day first written stays."""
    told = named(row.rujukan_program_id, notice, on)
    values = {
        "notice_id": told.notice_id,
        "rujukan_program_id": row.rujukan_program_id,
        "partner_id": row.partner_id,
        "notice": notice,
        "on": on,
        "told_at": datetime.now(UTC),
    }
    await write_once(session, PartnerNotice, values)
    return await session.get_one(PartnerNotice, told.notice_id)


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


def or_unreadable(
    prepare: Callable[[AsyncSession, Due], Awaitable[Call | None]],
) -> Callable[[AsyncSession, Due], Awaitable[Call | Reply | None]]:
    """Let a broken seal be a try that failed: it is kept with its fault and made again later; all others go on."""

    async def prepared(session: AsyncSession, due: Due) -> Call | Reply | None:
        try:
            return await prepare(session, due)
        except SealBroken as error:
            return Reply(None, type(error).__name__, 0, called=False)

    return prepared


@or_unreadable
async def prepare_telling(session: AsyncSession, due: Due) -> Call | None:
    """Return the call, or None where the notice says nothing any more, or has been taken."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id))
    if notice is None or notice.taken_at is not None:
        return None
    payload = await content_of(session, notice)
    return await ready(session, due, notice, payload) if payload else None


async def content_of(session: AsyncSession, notice: PartnerNotice) -> dict[str, object] | None:
    """Return what a notice says that names no person; None of a reminder when it is not the partner's turn any more."""
    row = await session.get_one(RujukanProgram, notice.rujukan_program_id)
    paused = (await session.get_one(Rujukan, row.rujukan_id)).paused
    turn = REMINDERS.get(notice.notice)
    if turn is not None and (paused or row.state not in turn):
        return None
    return notice_payload(notice.notice, notice.rujukan_program_id, notice.on)


async def ready(
    session: AsyncSession, due: Due, notice: PartnerNotice, payload: dict[str, object]
) -> Call | None:
    """Return the call to a partner that has a webhook; one that is left alone is called when that is over.

    Nothing is signed yet: the timestamp is the call's moment.
    """
    partner_id = notice.partner_id
    partner = await session.get_one(Partner, partner_id)
    if partner.webhook_url is None or partner.secret_sealed is None:
        return None
    if (until := await held_until(session, partner_id)) is not None:
        again = {"subject_id": due.subject_id, "payload": due.payload, "lane": lane_of(partner_id)}
        await schedule(session, due.kind, until, clock="real", **again)
        return None
    secret = vault_of(session).open(
        partner.secret_sealed, table="partner", column="secret_sealed", row_id=partner_id
    )
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    told = named(notice.rujukan_program_id, notice.notice, notice.on)
    return Call(partner.webhook_url, body, secret.encode(), str(told.notice_id), told.key)


async def record_telling(session: AsyncSession, due: Due, outcome: Reply | None) -> None:
    """Record that the partner knows, or tell it again later."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id), with_for_update=True)
    if notice is None or outcome is None:
        return
    await attempted(session, notice.rujukan_program_id, notice.partner_id, notice.notice, outcome, [])
    if outcome.taken:
        taken(notice, SYSTEM)
    elif notice.taken_at is None and not due.moved:
        await ask_telling(session, notice.notice_id, notice.partner_id, attempt=due.payload["attempt"] + 1)


def taken(notice: PartnerNotice, by: str) -> None:
    """The partner has it; said again, the first time stands."""
    if notice.taken_at is None:
        notice.taken_at, notice.taken_by = datetime.now(UTC), by


async def attempted(
    session: AsyncSession, subject: UUID, partner_id: UUID, notice: Notice, reply: Reply, fields: list[str]
) -> None:
    """Keep one try, and let the partner's breaker know of it; where nobody was called, nothing was shared."""
    session.add(
        Attempt(
            attempt_id=uuid7(),
            rujukan_program_id=subject,
            notice=notice,
            fields=fields if reply.called else [],
            http_status=reply.status,
            fault=reply.fault,
            milliseconds=reply.milliseconds,
        )
    )
    if reply.called:
        await note_reply(session, partner_id, reply)
