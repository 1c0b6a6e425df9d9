"""Reads of the rules."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import Indicator, Instrument, Policy
from shared import clock
from shared.contracts.kinds import ExitReason
from shared.errors import NotFound


async def policies(session: AsyncSession) -> Sequence[Policy]:
    """Return every policy version, by exit reason."""
    return (await session.scalars(sa.select(Policy).order_by(Policy.exit_reason, Policy.version))).all()


async def policy_in_full(session: AsyncSession, exit_reason: ExitReason) -> dict[str, Any]:
    """Return the newest policy of an exit reason that holds today, with its instrument; raise NotFound."""
    on = await clock.today(session)
    statement = sa.select(Policy).where(
        Policy.exit_reason == exit_reason,
        Policy.valid_from <= on,
        sa.func.coalesce(Policy.valid_to > on, sa.true()),
    )
    policy = (await session.scalars(statement)).one_or_none()
    if policy is None:
        raise NotFound("policy")
    instrument = await session.get(Instrument, policy.instrument_id) if policy.instrument_id else None
    asked = sa.select(Indicator).where(Indicator.instrument_id == policy.instrument_id)
    indicators = (await session.scalars(asked.order_by(Indicator.position))).all()
    fields = {column.key: getattr(policy, column.key) for column in Policy.__table__.columns}
    return {**fields, "instrument": _instrument(instrument, indicators) if instrument else None}


def _instrument(instrument: Instrument, indicators: Sequence[Indicator]) -> dict[str, Any]:
    names = ("version", "threshold_percent", "exempt_below_able", "source")
    return {**{name: getattr(instrument, name) for name in names}, "indicators": indicators}
