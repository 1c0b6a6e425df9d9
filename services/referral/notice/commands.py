"""Notify a partner by webhook and inbox: withdrawals, expiries, reminders, and repeated notices.

Each notice is one row. Its webhook is retried without end until the partner's system accepts it, and it is
in the inbox until the partner's receipt. Its content is made at the moment of the call.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.models import REMINDERS, Notice, PartnerNotice
from services.referral.partner.commands.breaker import blocked_until, partner_lane, record_reply
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.models import Partner
from services.referral.partner_call.models import DeliveryAttempt
from services.referral.program.rules import notice_payload
from services.referral.rujukan.commands import SYSTEM
from services.referral.rujukan.models import Rujukan, RujukanProgram
from shared.database import uuid7, vault_of, write_once
from shared.jobs import ScheduledTask, schedule
from shared.privacy import SealBroken

SEND_NOTICE = "notice.send"


@dataclass(frozen=True, slots=True)
class NoticeIdentity:
    """The id and the idempotency key of a notice, the same on every attempt."""

    notice_id: UUID
    key: str


def notice_identity(subject: UUID, notice: Notice, on: date) -> NoticeIdentity:
    """Return the id and the idempotency key of a notice.

    A reminder exists once for each SLA, every other notice once.
    """
    if notice is Notice.RUJUKAN:
        return NoticeIdentity(uuid5(subject, notice.value), str(subject))
    name = f"{notice.value}:{on}" if notice in REMINDERS else notice.value
    return NoticeIdentity(uuid5(subject, name), f"{subject}:{name}")


async def store_notice(session: AsyncSession, row: RujukanProgram, notice: Notice, on: date) -> PartnerNotice:
    """Store a notice once.

    It is in the inbox of the partner from now on. The first `on` stays.
    """
    identity = notice_identity(row.rujukan_program_id, notice, on)
    values = {
        "notice_id": identity.notice_id,
        "rujukan_program_id": row.rujukan_program_id,
        "partner_id": row.partner_id,
        "notice": notice,
        "on": on,
        "created_at": datetime.now(UTC),
    }
    await write_once(session, PartnerNotice, values)
    return await session.get_one(PartnerNotice, identity.notice_id)


async def notify_partner(session: AsyncSession, row: RujukanProgram, notice: Notice, on: date) -> None:
    """Store a notice without personal data, and schedule its webhook for now."""
    stored = await store_notice(session, row, notice, on)
    await schedule_notice(session, stored.notice_id, row.partner_id)


async def schedule_notice(
    session: AsyncSession, notice_id: UUID, partner_id: UUID, *, attempt: int = 0
) -> None:
    """Schedule the next attempt, with backoff."""
    due_at = datetime.now(UTC) + backoff(attempt)
    await schedule(
        session,
        SEND_NOTICE,
        due_at,
        subject_id=notice_id,
        clock="real",
        payload={"attempt": attempt},
        lane=partner_lane(partner_id),
    )


def seal_broken_as_reply(
    prepare: Callable[[AsyncSession, ScheduledTask], Awaitable[Call | None]],
) -> Callable[[AsyncSession, ScheduledTask], Awaitable[Call | Reply | None]]:
    """Turn SealBroken of a prepare function into a failed attempt.

    The attempt is recorded with its fault and retried later. Other calls continue.
    """

    async def prepare_or_reply(session: AsyncSession, due: ScheduledTask) -> Call | Reply | None:
        try:
            return await prepare(session, due)
        except SealBroken as error:
            return Reply(None, type(error).__name__, 0, called=False)

    return prepare_or_reply


@seal_broken_as_reply
async def prepare_notice(session: AsyncSession, due: ScheduledTask) -> Call | None:
    """Return the call, or None if the notice is outdated or was accepted."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id))
    if notice is None or notice.taken_at is not None:
        return None
    payload = await notice_content(session, notice)
    return await prepare_call(session, due, notice, payload) if payload else None


async def notice_content(session: AsyncSession, notice: PartnerNotice) -> dict[str, object] | None:
    """Return the content of a notice without personal data.

    Return None for a reminder that is not due any more.
    """
    row = await session.get_one(RujukanProgram, notice.rujukan_program_id)
    paused = (await session.get_one(Rujukan, row.rujukan_id)).paused
    due_states = REMINDERS.get(notice.notice)
    if due_states is not None and (paused or row.state not in due_states):
        return None
    return notice_payload(notice.notice, notice.rujukan_program_id, notice.on)


async def prepare_call(
    session: AsyncSession, due: ScheduledTask, notice: PartnerNotice, payload: dict[str, object]
) -> Call | None:
    """Return the call to a partner with a webhook.

    If the breaker is open, the call is scheduled for its end and None is returned. Nothing is signed yet,
    because the timestamp is the moment of the call.
    """
    partner_id = notice.partner_id
    partner = await session.get_one(Partner, partner_id)
    if partner.webhook_url is None or partner.secret_sealed is None:
        return None
    if (until := await blocked_until(session, partner_id)) is not None:
        task = {"subject_id": due.subject_id, "payload": due.payload, "lane": partner_lane(partner_id)}
        await schedule(session, due.kind, until, clock="real", **task)
        return None
    secret = vault_of(session).open(
        partner.secret_sealed, table="partner", column="secret_sealed", row_id=partner_id
    )
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    identity = notice_identity(notice.rujukan_program_id, notice.notice, notice.on)
    return Call(partner.webhook_url, body, secret.encode(), str(identity.notice_id), identity.key)


async def record_notice(session: AsyncSession, due: ScheduledTask, outcome: Reply | None) -> None:
    """Record that the partner accepted the notice, or schedule another attempt."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id), with_for_update=True)
    if notice is None or outcome is None:
        return
    await record_attempt(session, notice.rujukan_program_id, notice.partner_id, notice.notice, outcome, [])
    if outcome.accepted:
        mark_taken(notice, SYSTEM)
    elif notice.taken_at is None and not due.moved:
        await schedule_notice(
            session, notice.notice_id, notice.partner_id, attempt=due.payload["attempt"] + 1
        )


def mark_taken(notice: PartnerNotice, by: str) -> None:
    """Record that the partner has the notice. A repeated call keeps the first time."""
    if notice.taken_at is None:
        notice.taken_at, notice.taken_by = datetime.now(UTC), by


async def record_attempt(
    session: AsyncSession, subject: UUID, partner_id: UUID, notice: Notice, reply: Reply, fields: list[str]
) -> None:
    """Store one attempt, and report its reply to the partner's breaker.

    If no call was made, nothing was shared and the breaker is not changed.
    """
    session.add(
        DeliveryAttempt(
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
        await record_reply(session, partner_id, reply)
