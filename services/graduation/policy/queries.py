from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.policy.errors import PolicyMissing
from services.graduation.policy.models.instrument import Indicator, Instrument, InstrumentTerms
from services.graduation.policy.models.policy import Policy, PolicyFields, PolicyState, PolicyWithdrawal
from shared import clock
from shared.contracts.kinds import ExitReason
from shared.errors import NotFound
from shared.validity import holds_on


async def policy_of(session: AsyncSession, exit_reason: ExitReason, on: date) -> Policy:
    """Return the policy of an exit reason on a date, or raise PolicyMissing."""
    policy = await policy_on(session, exit_reason, on)
    if policy is None:
        raise PolicyMissing("/body/exit_reason", exit_reason=exit_reason, on=on)
    return policy


async def policy_on(session: AsyncSession, exit_reason: ExitReason, on: date) -> Policy | None:
    """Return the policy of an exit reason on a date, if there is one."""
    statement = sa.select(Policy).where(
        Policy.exit_reason == exit_reason,
        holds_on(Policy.valid_from, Policy.valid_to, on),
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def policies(session: AsyncSession, state: PolicyState | None) -> list[dict[str, Any]]:
    """Return every policy version, by exit reason; or those that stand in `state` today."""
    on = await clock.today(session)
    found = (await session.scalars(sa.select(Policy).order_by(Policy.exit_reason, Policy.version))).all()
    shown = [{**_fields(policy), "state": policy.state_on(on)} for policy in found]
    return [one for one in shown if state in {None, one["state"]}]


async def policy_in_full(session: AsyncSession, exit_reason: ExitReason) -> dict[str, Any]:
    """Return the policy of an exit reason that holds today, with its instrument; raise NotFound."""
    on = await clock.today(session)
    statement = sa.select(Policy).where(
        Policy.exit_reason == exit_reason,
        holds_on(Policy.valid_from, Policy.valid_to, on),
    )
    return await _in_full(session, (await session.scalars(statement)).one_or_none())


async def policy_version(session: AsyncSession, policy_id: UUID) -> dict[str, Any]:
    """Return one version with its instrument; raise NotFound."""
    return await _in_full(session, await session.get(Policy, policy_id))


async def _in_full(session: AsyncSession, policy: Policy | None) -> dict[str, Any]:
    if policy is None:
        raise NotFound("policy")
    instrument = await session.get(Instrument, policy.instrument_id) if policy.instrument_id else None
    asked = sa.select(Indicator).where(Indicator.instrument_id == policy.instrument_id)
    indicators = (await session.scalars(asked.order_by(Indicator.position))).all()
    state = policy.state_on(await clock.today(session))
    withdrawn = await session.get(PolicyWithdrawal, policy.policy_id) if policy.withdrawn_by else None
    shown = _instrument(instrument, indicators) if instrument else None
    return {**_fields(policy), "state": state, "instrument": shown, "withdrawal": withdrawn}


def _fields(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in PolicyFields.model_fields}


def _instrument(instrument: Instrument, indicators: Sequence[Indicator]) -> dict[str, Any]:
    terms = {name: getattr(instrument, name) for name in InstrumentTerms.model_fields}
    return {**terms, "version": instrument.version, "indicators": indicators}
