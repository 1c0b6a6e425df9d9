"""Telling a partner again what it was told since an instant: it lost its data, say. Signed anew, under the same keys."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.commands import attempted, content_of, or_unreadable, ready
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.partner.commands.breaker import lane_of
from services.referral.partner.commands.webhook import Call, Reply, backoff
from services.referral.partner.models import Partner
from services.referral.program.models import Program
from services.referral.program.rules import rujukan_payload
from services.referral.rujukan.models import RujukanProgram
from services.referral.sending.commands import sharing_of, tell_withdrawal_again
from shared.access import Actor, Scope
from shared.contracts.kinds import RujukanProgramState
from shared.database import load
from shared.errors import NotFound
from shared.jobs import Due, Job, Step, enqueue, schedule

REPLAY, REPLAYING = "partner.replay", "notice.replay"
AT_ONCE = 200
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


async def request_replay(session: AsyncSession, partner_id: UUID, since: datetime, actor: Actor) -> UUID:
    """Ask for the replay; return its job. A partner asks for its own alone.

    Raises:
        NotFound
    """
    if actor.scope is Scope.PARTNER and actor.partner_id != partner_id:
        raise NotFound("partner")
    await load(session, Partner, partner_id, noun="partner")
    params = {"partner_id": str(partner_id), "since": max(since, EARLIEST).isoformat()}
    return await enqueue(session, REPLAY, params, actor)


async def replay_step(session: AsyncSession, job: Job) -> Step:
    """Ask for the next ones, oldest first: by webhook once more, or back in the inbox of a partner without one."""
    partner = await session.get_one(Partner, UUID(job.params["partner_id"]))
    place = (PartnerNotice.told_at, PartnerNotice.notice_id)
    wanted = sa.select(PartnerNotice).where(
        PartnerNotice.partner_id == partner.partner_id,
        PartnerNotice.taken_at >= datetime.fromisoformat(job.params["since"]),
    )
    if job.place:
        after = (datetime.fromisoformat(job.place["told_at"]), UUID(job.place["notice_id"]))
        wanted = wanted.where(sa.tuple_(*place) > sa.tuple_(*map(sa.literal, after)))
    notices = (await session.scalars(wanted.order_by(*place).limit(AT_ONCE).with_for_update())).all()
    for notice in notices:
        await _again(session, partner, notice)
    last: dict[str, Any] = {}
    if notices:
        last = {"told_at": notices[-1].told_at.isoformat(), "notice_id": str(notices[-1].notice_id)}
    return Step(done=len(notices), place=last, finished=len(notices) < AT_ONCE)


async def _again(session: AsyncSession, partner: Partner, notice: PartnerNotice) -> None:
    if partner.webhook_url is None:
        notice.taken_at = notice.taken_by = None
        return
    await ask_replay(session, notice, 0)


async def ask_replay(session: AsyncSession, notice: PartnerNotice, attempt: int) -> None:
    """Let one notice be told again, later each time."""
    await schedule(
        session,
        REPLAYING,
        datetime.now(UTC) + backoff(attempt),
        subject_id=notice.notice_id,
        clock="real",
        payload={"attempt": attempt},
        lane=lane_of(notice.partner_id),
    )


@or_unreadable
async def prepare_replay(session: AsyncSession, due: Due) -> Call | None:
    """Return the call, or None where it may not be told any more: a consent that was taken back is not shared again."""
    notice = await session.get_one(PartnerNotice, UUID(due.subject_id))
    if notice.notice is Notice.RUJUKAN:
        sharing = await sharing_of(session, notice.rujukan_program_id)
        payload = rujukan_payload(sharing) if sharing else None
    else:
        payload = await content_of(session, notice)
    return await ready(session, due, notice, payload) if payload else None


async def record_replay(session: AsyncSession, due: Due, outcome: Reply | None) -> None:
    """Record that it was told again, or tell it again later; a withdrawal that came meanwhile is told after it."""
    if outcome is None:
        return
    notice = await session.get_one(PartnerNotice, UUID(due.subject_id))
    row = await load(session, RujukanProgram, notice.rujukan_program_id)
    program = await session.get_one(Program, row.program_id)
    names_a_person = notice.notice is Notice.RUJUKAN
    fields = program.minimum_data if names_a_person else []
    await attempted(session, row.rujukan_program_id, row.partner_id, notice.notice, outcome, fields)
    if names_a_person and outcome.called and row.state is RujukanProgramState.DICABUT:
        await tell_withdrawal_again(session, row)
    elif not outcome.taken and not due.moved:
        await ask_replay(session, notice, due.payload["attempt"] + 1)
