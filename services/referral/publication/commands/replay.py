"""Send a partner again the notices since an instant, for example after it lost data.

They are signed again under the same keys.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.commands import (
    notice_content,
    prepare_call,
    record_attempt,
    seal_broken_as_reply,
)
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.partner.commands.breaker import partner_lane
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.models import Partner
from services.referral.partner_call.commands import notify_withdrawal_again, read_sharing
from services.referral.program.models import Program
from services.referral.program.rules import rujukan_payload
from services.referral.rujukan.models import RujukanProgram
from shared.access import Actor, Scope
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.errors import NotFound
from shared.jobs import Job, ScheduledTask, Step, enqueue, schedule

REPLAY_PARTNER, REPLAY_NOTICE = "partner.replay", "notice.replay"
BATCH_SIZE = 200
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


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

    Notices are sent by webhook, or put back in the inbox of a partner without one.
    """
    partner = await session.get_one(Partner, UUID(job.params["partner_id"]))
    order = (PartnerNotice.created_at, PartnerNotice.notice_id)
    statement = sa.select(PartnerNotice).where(
        PartnerNotice.partner_id == partner.partner_id,
        PartnerNotice.taken_at >= datetime.fromisoformat(job.params["since"]),
    )
    if job.place:
        after = (datetime.fromisoformat(job.place["created_at"]), UUID(job.place["notice_id"]))
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*map(sa.literal, after)))
    notices = (await session.scalars(statement.order_by(*order).limit(BATCH_SIZE).with_for_update())).all()
    for notice in notices:
        await _replay(session, partner, notice)
    last: dict[str, Any] = {}
    if notices:
        last = {"created_at": notices[-1].created_at.isoformat(), "notice_id": str(notices[-1].notice_id)}
    return Step(done=len(notices), place=last, finished=len(notices) < BATCH_SIZE)


async def _replay(session: AsyncSession, partner: Partner, notice: PartnerNotice) -> None:
    if partner.webhook_url is None:
        notice.taken_at = notice.taken_by = None
        return
    await schedule_replay(session, notice, 0)


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
        payload = rujukan_payload(sharing) if sharing else None
    else:
        payload = await notice_content(session, notice)
    return await prepare_call(session, due, notice, payload) if payload else None


async def record_replay(session: AsyncSession, due: ScheduledTask, outcome: Reply | None) -> None:
    """Record the attempt, or schedule another one.

    If the rujukan was withdrawn meanwhile, the withdrawal is sent again after it.
    """
    if outcome is None:
        return
    notice = await session.get_one(PartnerNotice, UUID(due.subject_id))
    row = await load(session, RujukanProgram, notice.rujukan_program_id)
    program = await session.get_one(Program, row.program_id)
    is_rujukan = notice.notice is Notice.RUJUKAN
    fields = program.minimum_data if is_rujukan else []
    await record_attempt(session, row.rujukan_program_id, row.partner_id, notice.notice, outcome, fields)
    if is_rujukan and outcome.called and row.state is RujukanProgramState.DICABUT:
        await notify_withdrawal_again(session, row)
    elif not outcome.accepted and not due.moved:
        await schedule_replay(session, notice, due.payload["attempt"] + 1)
