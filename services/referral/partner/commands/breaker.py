"""Circuit breaker: a partner whose system fails is not called for a while.

So a failing partner does not delay the calls to others.
"""

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

ALL_PARTNERS = "*"
# Longer than a call may take. If the worker of a trial dies, another trial follows.
TRIAL = timedelta(seconds=30)


async def blocked_until(session: AsyncSession, partner_id: UUID) -> datetime | None:
    """Return until when the partner is not called, or None.

    After the wait the breaker is half open: one call tries the partner.
    """
    row = await session.get(Breaker, partner_id, with_for_update=True, populate_existing=True)
    now = datetime.now(UTC)
    if row is None or row.retry_at is None:
        return None
    if row.retry_at > now:
        return row.retry_at
    row.state, row.changed_at, row.retry_at = BreakerState.HALF_OPEN, now, now + TRIAL
    return None


async def record_reply(session: AsyncSession, partner_id: UUID, reply: Reply) -> None:
    """Count a failure, or reset the count. The due work of the partner moves accordingly.

    A failure is no reply, or status 5xx or 429. Any other refusal comes from a system that works.
    """
    if reply.status is None or reply.status >= 500 or reply.status == 429:
        await _record_failure(session, partner_id)
    else:
        await _reset_failures(session, partner_id)


async def _record_failure(session: AsyncSession, partner_id: UUID) -> None:
    now, limit = datetime.now(UTC), await read_limit(session, partner_id)
    values = {"partner_id": partner_id, "state": BreakerState.CLOSED, "failures": 0, "changed_at": now}
    await write_once(session, Breaker, values)
    row = await load(session, Breaker, partner_id)
    row.failures += 1
    if row.state is BreakerState.CLOSED and row.failures < limit.failures_to_open:
        return
    until = now + timedelta(seconds=limit.wait_seconds)
    row.state, row.changed_at, row.retry_at = BreakerState.OPEN, now, until
    await session.flush()
    await move_lane(session, partner_lane(partner_id), until)


async def _reset_failures(session: AsyncSession, partner_id: UUID) -> None:
    row = await session.get(Breaker, partner_id, with_for_update=True, populate_existing=True)
    if row is None or row.failures == 0:
        return
    was_open, row.failures = row.state is not BreakerState.CLOSED, 0
    row.state, row.changed_at, row.retry_at = BreakerState.CLOSED, datetime.now(UTC), None
    await session.flush()
    if was_open:
        await move_lane(session, partner_lane(partner_id), row.changed_at)


async def reset_breaker(session: AsyncSession, partner_id: UUID) -> None:
    """Forget the failures of a partner, and make its due work due now.

    Its system was changed or repaired.
    """
    await _reset_failures(session, partner_id)
    await move_lane(session, partner_lane(partner_id), datetime.now(UTC))


def partner_lane(partner_id: UUID) -> str:
    """Return the lane of due work of this partner.

    Calls in a lane are made one at a time.
    """
    return f"partner:{partner_id}"


async def read_limit(session: AsyncSession, partner_id: UUID) -> BreakerLimit:
    """Return the partner's own limit, or the limit of all partners."""
    code = sa.select(Partner.code).where(Partner.partner_id == partner_id).scalar_subquery()
    statement = sa.select(BreakerLimit).where(BreakerLimit.partner_code.in_([code, ALL_PARTNERS]))
    own_first = statement.order_by((BreakerLimit.partner_code == ALL_PARTNERS).asc())
    return (await session.scalars(own_first.limit(1))).one()


async def read_breaker(session: AsyncSession, partner_id: UUID) -> BreakerView:
    """Return the state of a partner's breaker.

    It is CLOSED if no call has failed yet.
    """
    limit, row = await read_limit(session, partner_id), await session.get(Breaker, partner_id)
    return BreakerView(
        partner_id=partner_id,
        state=row.state if row else BreakerState.CLOSED,
        failures=row.failures if row else 0,
        failures_to_open=limit.failures_to_open,
        wait_seconds=limit.wait_seconds,
        set_by=limit.set_by,
        set_at=limit.set_at,
        changed_at=row.changed_at if row else None,
        retry_at=row.retry_at if row else None,
    )


async def set_limit(
    session: AsyncSession, partner_id: UUID, terms: BreakerLimitTerms, by: str
) -> BreakerView:
    """Set limits for one partner.

    Raises:
        NotFound
    """
    partner = await load(session, Partner, partner_id, noun="partner")
    await upsert_limit(session, partner.code, terms, by)
    return await read_breaker(session, partner_id)


async def upsert_limit(session: AsyncSession, code: str, terms: BreakerLimitTerms, by: str) -> BreakerLimit:
    """Write and return the limits of a partner code, or of ALL_PARTNERS."""
    limits = {"partner_code": code, "version": 1, "set_by": by, **dict(terms)}
    is_new = await write_once(session, BreakerLimit, limits)
    row = await load(session, BreakerLimit, code)
    row.failures_to_open, row.wait_seconds = terms.failures_to_open, terms.wait_seconds
    row.set_by, row.set_at = by, datetime.now(UTC)
    row.version += not is_new
    return row


async def rename_limit(session: AsyncSession, former: str, code: str) -> None:
    """Give the limits of a partner its corrected code."""
    own = sa.update(BreakerLimit).where(BreakerLimit.partner_code == former)
    await session.execute(own.values(partner_code=code))
