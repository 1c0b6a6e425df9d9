"""A partner whose system fails is left alone for a while, so that nobody else waits for it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.commands.webhook import Reply
from services.referral.partner.models import (
    Breaker,
    BreakerLimit,
    BreakerLimitTerms,
    BreakerState,
    BreakerView,
    Partner,
)
from shared.database import load, write_once
from shared.jobs import move_lane

EVERYBODY = "*"
# Longer than a call may take: a trial whose worker died is followed by another.
TRIAL = timedelta(seconds=30)


async def held_until(session: AsyncSession, partner_id: UUID) -> datetime | None:
    """Return until when this partner is not called, or None: call it. After the wait, one call tries."""
    row = await session.get(Breaker, partner_id, with_for_update=True, populate_existing=True)
    now = datetime.now(UTC)
    if row is None or row.retry_at is None:
        return None
    if row.retry_at > now:
        return row.retry_at
    row.state, row.changed_at, row.retry_at = BreakerState.HALF_OPEN, now, now + TRIAL
    return None


async def note_reply(session: AsyncSession, partner_id: UUID, reply: Reply) -> None:
    """Count a failure in a row, or forget them; what waits for the partner is held back, or let go, with it.

    A failure is no reply, or 5xx or 429; any other refusal comes from a system that works.
    """
    if reply.status is None or reply.status >= 500 or reply.status == 429:
        await _note_failure(session, partner_id)
    else:
        await _note_answer(session, partner_id)


async def _note_failure(session: AsyncSession, partner_id: UUID) -> None:
    now, limit = datetime.now(UTC), await limit_of(session, partner_id)
    closed = {"partner_id": partner_id, "state": BreakerState.CLOSED, "failures": 0, "changed_at": now}
    await write_once(session, Breaker, closed)
    row = await load(session, Breaker, partner_id)
    row.failures += 1
    if row.state is BreakerState.CLOSED and row.failures < limit.failures_to_open:
        return
    until = now + timedelta(seconds=limit.wait_seconds)
    row.state, row.changed_at, row.retry_at = BreakerState.OPEN, now, until
    await session.flush()
    await move_lane(session, lane_of(partner_id), until)


async def _note_answer(session: AsyncSession, partner_id: UUID) -> None:
    row = await session.get(Breaker, partner_id, with_for_update=True, populate_existing=True)
    if row is None or row.failures == 0:
        return
    held, row.failures = row.state is not BreakerState.CLOSED, 0
    row.state, row.changed_at, row.retry_at = BreakerState.CLOSED, datetime.now(UTC), None
    await session.flush()
    if held:
        await move_lane(session, lane_of(partner_id), row.changed_at)


async def call_again(session: AsyncSession, partner_id: UUID) -> None:
    """Its system is another, or was mended: forget its failures, and let what waits for it fall due."""
    await _note_answer(session, partner_id)
    await move_lane(session, lane_of(partner_id), datetime.now(UTC))


def lane_of(partner_id: UUID) -> str:
    """Return the lane of due work in which this partner is called, one call at a time."""
    return f"partner:{partner_id}"


async def limit_of(session: AsyncSession, partner_id: UUID) -> BreakerLimit:
    """Return the partner's own limit, or everybody's."""
    codes = sa.select(Partner.code).where(Partner.partner_id == partner_id).scalar_subquery()
    wanted = sa.select(BreakerLimit).where(BreakerLimit.partner_code.in_([codes, EVERYBODY]))
    own_first = wanted.order_by((BreakerLimit.partner_code == EVERYBODY).asc())
    return (await session.scalars(own_first.limit(1))).one()


async def breaker_of(session: AsyncSession, partner_id: UUID) -> BreakerView:
    """Return how a partner's breaker stands; closed where nothing has ever failed."""
    limit, row = await limit_of(session, partner_id), await session.get(Breaker, partner_id)
    return BreakerView(
        partner_id=partner_id,
        state=row.state if row else BreakerState.CLOSED,
        failures=row.failures if row else 0,
        failures_to_open=limit.failures_to_open,
        wait_seconds=limit.wait_seconds,
        changed_at=row.changed_at if row else None,
        retry_at=row.retry_at if row else None,
    )


async def set_limit(
    session: AsyncSession, partner_id: UUID, terms: BreakerLimitTerms, by: str
) -> BreakerView:
    """Give a partner limits of its own; said again, they are replaced.

    Raises:
        NotFound
    """
    partner = await load(session, Partner, partner_id, noun="partner")
    await write_limit(session, partner.code, terms, by)
    return await breaker_of(session, partner_id)


async def write_limit(session: AsyncSession, code: str, terms: BreakerLimitTerms, by: str) -> BreakerLimit:
    """Write the limits of a partner's code, or of everybody without some of their own; return them."""
    limits = {"partner_code": code, "version": 1, "set_by": by, **dict(terms)}
    new = await write_once(session, BreakerLimit, limits)
    row = await load(session, BreakerLimit, code)
    row.failures_to_open, row.wait_seconds, row.set_by = terms.failures_to_open, terms.wait_seconds, by
    row.version += not new
    return row
