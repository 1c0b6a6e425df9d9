"""Notify a partner by webhook and inbox: withdrawals, expiries, reminders, and repeated notices.

Each notice is one row. Its webhook is retried without end until the partner's system accepts it, and it is
in the inbox until the partner's receipt. Its content is made at the moment of the call.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent
from services.referral.notice.models import DUE_STATES, REMINDERS, InboxRead, Notice, PartnerNotice
from services.referral.partner.commands.breaker import blocked_until, partner_lane, record_reply
from services.referral.partner.commands.secret import open_secrets
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.models import Partner
from services.referral.partner_call.models import DeliveryAttempt
from services.referral.program.rules import NoticeHead, notice_payload, supply_payload
from services.referral.rujukan.commands import SYSTEM
from services.referral.rujukan.models import Rujukan, RujukanProgram
from services.referral.signature.queries import must_lapse
from services.referral.supply.models import DataSupply
from shared import clock
from shared.audit.steps import record_disclosure
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load, uuid7, vault_of, write_once
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

    A reminder exists once for each SLA, an expiry once for each day, every other notice once.
    """
    if notice is Notice.RUJUKAN:
        return NoticeIdentity(uuid5(subject, notice.value), str(subject))
    name = f"{notice.value}:{on}" if notice in DUE_STATES else notice.value
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
            return Reply(None, type(error).__name__, 0, called=False, left=False)

    return prepare_or_reply


@seal_broken_as_reply
async def prepare_notice(session: AsyncSession, due: ScheduledTask) -> Call | None:
    """Return the call, or None if the notice is outdated or was accepted."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id))
    if notice is None or notice.taken_at is not None:
        return None
    content = await notice_content(session, notice)
    return await prepare_call(session, due, notice, *content) if content else None


async def notice_content(
    session: AsyncSession, notice: PartnerNotice
) -> tuple[dict[str, object], list[str]] | None:
    """Return the content of a notice without an identity, and the family's fields in it.

    Return None for a reminder that is not due any more, for an expiry that a late answer has undone, and for data that
    may not be shared any more.
    """
    if notice.notice is Notice.KELENGKAPAN:
        return await _supply_content(session, notice)
    row = await session.get_one(RujukanProgram, notice.rujukan_program_id)
    paused = (await session.get_one(Rujukan, row.rujukan_id)).paused
    if row.state not in DUE_STATES.get(notice.notice, {row.state}) or (paused and notice.notice in REMINDERS):
        return None
    return notice_payload(NoticeHead.of(notice, row, row.sla_due_on), notice.on), []


async def _supply_content(
    session: AsyncSession, notice: PartnerNotice
) -> tuple[dict[str, object], list[str]] | None:
    row = await load(session, RujukanProgram, notice.rujukan_program_id)
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    supply = await session.get_one(DataSupply, notice.notice_id)
    consents = sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
    consent = (await session.scalars(consents)).one()
    if (
        rujukan.paused
        or not consent.in_force
        or supply.content_sealed is None
        or supply.voided_on is not None
        or await must_lapse(session, row)
    ):
        return None
    place = {"table": "data_supply", "column": "content_sealed", "row_id": notice.notice_id}
    content = orjson.loads(vault_of(session).open(supply.content_sealed, **place))
    fields = [str(field) for field in supply.fields]
    head = NoticeHead.of(notice, row, row.sla_due_on)
    return supply_payload(head, notice.on, fields, content), fields


async def prepare_call(
    session: AsyncSession,
    due: ScheduledTask,
    notice: PartnerNotice,
    payload: dict[str, object],
    fields: Collection[str] = (),
) -> Call | None:
    """Return the call to a partner with a webhook, and store its attempt.

    What the call shares is on record before its first byte, and stays so if this process stops during the call.
    If the breaker is open, the call is scheduled for its end and None is returned. Nothing is signed yet, because
    the timestamp is the moment of the call.
    """
    partner_id = notice.partner_id
    partner = await session.get_one(Partner, partner_id)
    if partner.webhook_url is None or partner.secret_sealed is None:
        return None
    if (until := await blocked_until(session, partner_id)) is not None:
        task = {"subject_id": due.subject_id, "payload": due.payload, "lane": partner_lane(partner_id)}
        await schedule(session, due.kind, until, clock="real", **task)
        return None
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    key = notice_identity(notice.rujukan_program_id, notice.notice, notice.on).key
    key = f"{key}:{notice.notice_id}" if notice.notice is Notice.KELENGKAPAN else key
    row = await session.get_one(RujukanProgram, notice.rujukan_program_id)
    attempt = _new_attempt(row, notice.notice, notice.notice_id, fields)
    session.add(attempt)
    row.mark_shared(fields, await clock.today(session))
    if fields:
        await record_disclosure(session, due.kind, partner_id, row.kpm_id, row.rujukan_program_id)
    url, notice_id = partner.webhook_url, str(notice.notice_id)
    return Call(url, body, open_secrets(session, partner), notice_id, key, attempt.attempt_id)


def _new_attempt(
    row: RujukanProgram, notice: Notice, notice_id: UUID, fields: Collection[str]
) -> DeliveryAttempt:
    return DeliveryAttempt(
        attempt_id=uuid7(),
        partner_id=row.partner_id,
        rujukan_program_id=row.rujukan_program_id,
        notice_id=notice_id,
        notice=notice,
        fields=list(fields),
        http_status=None,
        fault=None,
        milliseconds=0,
    )


async def record_notice(session: AsyncSession, due: ScheduledTask, outcome: Reply | None) -> None:
    """Record that the partner accepted the notice, or schedule another attempt."""
    notice = await session.get(PartnerNotice, UUID(due.subject_id))
    if notice is None or outcome is None:
        return
    row = await load(session, RujukanProgram, notice.rujukan_program_id)  # before the notice, as in a receipt
    await session.refresh(notice, with_for_update=True)
    await record_attempt(session, row, notice.notice, outcome, notice.notice_id)
    if outcome.accepted:
        mark_taken(notice, SYSTEM.sub)
    if notice.notice is Notice.KELENGKAPAN and outcome.left and row.state is RujukanProgramState.DICABUT:
        await notify_withdrawal_again(session, row)
    elif not outcome.accepted and notice.taken_at is None and not due.moved:
        await schedule_notice(
            session, notice.notice_id, notice.partner_id, attempt=due.payload["attempt"] + 1
        )


async def notify_withdrawal_again(session: AsyncSession, row: RujukanProgram) -> None:
    """Send a withdrawal again, even if the partner has accepted it.

    A call with data of the family may have reached the partner after the withdrawal.
    """
    on = row.withdrawn_on or await clock.today(session)
    notice = await store_notice(session, row, Notice.DICABUT, on)
    notice.taken_at = notice.taken_by = None
    await notify_partner(session, row, Notice.DICABUT, on)


def mark_taken(notice: PartnerNotice, by: str) -> None:
    """Record that the partner has the notice. A repeated call keeps the first time."""
    if notice.taken_at is None:
        notice.taken_at, notice.taken_by = datetime.now(UTC), by


async def record_attempt(
    session: AsyncSession, row: RujukanProgram, notice: Notice, reply: Reply, notice_id: UUID
) -> None:
    """Store the result of an attempt, and report it to the partner's breaker.

    If the call did not leave, nothing was shared by it. If no call was made, the breaker is not changed. The caller has
    locked the row.
    """
    attempt = await session.get(DeliveryAttempt, reply.attempt_id) if reply.attempt_id else None
    if attempt is None:
        attempt = _new_attempt(row, notice, notice_id, [])
        session.add(attempt)
    attempt.http_status, attempt.fault = reply.status, reply.fault
    attempt.milliseconds = reply.milliseconds
    if not reply.left and attempt.fields:
        attempt.fields = []
        await _recompute_sharing(session, row)
    if reply.called:
        await record_reply(session, row.partner_id, reply)


async def _recompute_sharing(session: AsyncSession, row: RujukanProgram) -> None:
    """Recompute what was shared from the other attempts and the reads of the inbox."""
    await session.flush()
    models = (DeliveryAttempt, InboxRead)
    shared = [
        sa.select(sa.func.unnest(model.fields)).where(model.rujukan_program_id == row.rujukan_program_id)
        for model in models
    ]
    row.shared_fields = sorted(await session.scalars(sa.union(*shared)))
    if not row.shared_fields:
        row.shared_on = None
