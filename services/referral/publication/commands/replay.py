"""Send a partner again the notices since an instant, for example after it lost data.

They are signed again under the same keys.
"""

from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent, Identity
from services.referral.notice.commands import (
    mark_taken,
    notice_content,
    notify_withdrawal_again,
    prepare_call,
    record_attempt,
    seal_broken_as_reply,
)
from services.referral.notice.models import (
    DUE_STATES,
    PERSONAL_NOTICES,
    REMINDERS,
    Notice,
    PartnerNotice,
)
from services.referral.partner.commands.breaker import partner_lane
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.models import Partner
from services.referral.partner_call.commands import apply_reply, is_taken, read_sharing
from services.referral.program.rules import rujukan_payload
from services.referral.rujukan.commands import SYSTEM
from services.referral.rujukan.models import ENDED, UNSENT_STATES, Rujukan, RujukanProgram
from services.referral.signature.queries import must_lapse
from shared.access import Actor, Scope
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.errors import NotFound
from shared.jobs import Job, ScheduledTask, Step, enqueue, schedule

REPLAY_PARTNER, REPLAY_NOTICE = "partner.replay", "notice.replay"
BATCH_SIZE = 200
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class LeftOut(StrEnum):
    """Why a notice is not sent again.

    NOT_TAKEN: it is still on its way. A RUJUKAN that was answered is not. NOT_DUE: it is no longer the partner's turn,
    or the offer that had expired is open again. IDENTITY_DELETED: the offer had ended and was reopened.
    """

    NOT_TAKEN = "NOT_TAKEN"
    NOT_DUE = "NOT_DUE"
    CONSENT_ENDED = "CONSENT_ENDED"
    DELIVERED = "DELIVERED"
    OFFER_ENDED = "OFFER_ENDED"
    IDENTITY_DELETED = "IDENTITY_DELETED"
    PAUSED = "PAUSED"


async def request_replay(session: AsyncSession, partner_id: UUID, since: datetime, actor: Actor) -> UUID:
    """Request the replay and return the id of its job.

    A partner may request only its own.

    Raises:
        NotFound
    """
    if actor.scope is Scope.PARTNER and actor.partner_id != partner_id:
        raise NotFound("partner")
    await load(session, Partner, partner_id, noun="partner")
    params = {"partner_id": str(partner_id), "since": max(since, EARLIEST).isoformat()}
    return await enqueue(session, REPLAY_PARTNER, params, actor)


async def replay_step(session: AsyncSession, job: Job) -> Step:
    """Replay the next batch, oldest first.

    Notices are sent by webhook, or put back in the inbox of a partner without one. The report counts what was left
    out, by reason.
    """
    partner = await session.get_one(Partner, UUID(job.params["partner_id"]))
    order = (PartnerNotice.created_at, PartnerNotice.notice_id)
    statement = sa.select(PartnerNotice).where(
        PartnerNotice.partner_id == partner.partner_id,
        sa.or_(
            PartnerNotice.taken_at >= datetime.fromisoformat(job.params["since"]),
            PartnerNotice.taken_at.is_(None),
        ),
    )
    if job.place:
        after = (datetime.fromisoformat(job.place["created_at"]), UUID(job.place["notice_id"]))
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*map(sa.literal, after)))
    notices = (await session.scalars(statement.order_by(*order).limit(BATCH_SIZE).with_for_update())).all()
    left_out = [reason for notice in notices if (reason := await _replay(session, partner, notice))]
    last: dict[str, Any] = {}
    if notices:
        last = {"created_at": notices[-1].created_at.isoformat(), "notice_id": str(notices[-1].notice_id)}
    reasons = Counter(job.report.get("left_out_by_reason", {})) + Counter(left_out)
    return Step(
        done=len(notices) - len(left_out),
        refused=len(left_out),
        place=last,
        finished=len(notices) < BATCH_SIZE,
        report={"left_out_by_reason": dict(reasons)},
    )


async def _reason_left_out(session: AsyncSession, notice: PartnerNotice) -> LeftOut | None:
    """Return why a notice is not sent again, or None."""
    row = await session.get_one(RujukanProgram, notice.rujukan_program_id)
    if notice.taken_at is None and (notice.notice is not Notice.RUJUKAN or row.state in UNSENT_STATES):
        return LeftOut.NOT_TAKEN
    is_paused = (await session.get_one(Rujukan, row.rujukan_id)).paused
    if row.state not in DUE_STATES.get(notice.notice, {row.state}):
        return LeftOut.NOT_DUE
    if notice.notice in PERSONAL_NOTICES and (reason := await _reason_unshared(session, row, notice)):
        return reason
    can_wait = notice.notice in PERSONAL_NOTICES or notice.notice in REMINDERS
    return LeftOut.PAUSED if is_paused and can_wait else None


async def _reason_unshared(
    session: AsyncSession, row: RujukanProgram, notice: PartnerNotice
) -> LeftOut | None:
    """Return why data of the family are not shared again, or None."""
    consents = sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
    consent = await session.scalar(consents)
    if consent is None or not consent.in_force or await must_lapse(session, row):
        return LeftOut.CONSENT_ENDED
    if row.delivered_on is not None:
        return LeftOut.DELIVERED
    if row.state in ENDED:
        return LeftOut.OFFER_ENDED
    identity = sa.select(Identity.for_id).where(Identity.for_id == row.rujukan_program_id)
    is_deleted = notice.notice is Notice.RUJUKAN and await session.scalar(identity) is None
    return LeftOut.IDENTITY_DELETED if is_deleted else None


async def _replay(session: AsyncSession, partner: Partner, notice: PartnerNotice) -> LeftOut | None:
    """Replay a notice, or return why it is left out."""
    reason = await _reason_left_out(session, notice)
    if reason is None and partner.webhook_url is not None:
        await schedule_replay(session, notice, 0)
    elif reason is None:
        notice.taken_at = notice.taken_by = None
    return reason


async def schedule_replay(session: AsyncSession, notice: PartnerNotice, attempt: int) -> None:
    """Schedule the next attempt of one notice, with backoff."""
    await schedule(
        session,
        REPLAY_NOTICE,
        datetime.now(UTC) + backoff(attempt),
        subject_id=notice.notice_id,
        clock="real",
        payload={"attempt": attempt},
        lane=partner_lane(notice.partner_id),
    )


@seal_broken_as_reply
async def prepare_replay(session: AsyncSession, due: ScheduledTask) -> Call | None:
    """Return the call, or None if it may not be sent any more.

    After a withdrawn consent the rujukan is not shared again.
    """
    notice = await session.get_one(PartnerNotice, UUID(due.subject_id))
    if notice.notice is Notice.RUJUKAN:
        sharing = await read_sharing(session, notice.rujukan_program_id)
        content = (rujukan_payload(sharing, notice), sharing.program.minimum_data) if sharing else None
    else:
        content = await notice_content(session, notice)
    return await prepare_call(session, due, notice, *content) if content else None


async def record_replay(session: AsyncSession, due: ScheduledTask, outcome: Reply | None) -> None:
    """Record the attempt, or schedule another one.

    The reply to a RUJUKAN is applied like that to its first sending. If the rujukan was withdrawn meanwhile, the
    withdrawal is sent again after it.
    """
    if outcome is None:
        return
    notice = await session.get_one(PartnerNotice, UUID(due.subject_id))
    row = await load(session, RujukanProgram, notice.rujukan_program_id)
    await session.refresh(notice, with_for_update=True)
    await record_attempt(session, row, notice.notice, outcome, notice.notice_id)
    if notice.notice in PERSONAL_NOTICES and outcome.left and row.state is RujukanProgramState.DICABUT:
        await notify_withdrawal_again(session, row)
    elif is_taken(notice.notice, outcome):
        if notice.notice is Notice.RUJUKAN:
            mark_taken(notice, SYSTEM.sub)
            await apply_reply(session, row, outcome)
    elif not due.moved:
        await schedule_replay(session, notice, due.payload["attempt"] + 1)
