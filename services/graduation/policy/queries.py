from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.policy.errors import PolicyMissing
from services.graduation.policy.models.calendar import TAHAP_WARNED_AT, TahapCalendar
from services.graduation.policy.models.instrument import Indicator, Instrument, InstrumentTerms
from services.graduation.policy.models.policy import (
    Policy,
    PolicyApproval,
    PolicyFields,
    PolicyState,
    PolicyWithdrawal,
)
from shared import clock
from shared.contracts.kinds import ExitReason
from shared.errors import NotFound, Words
from shared.validity import valid_on

TAHAP_WARNING = Words(
    "The calendar has {ahead} more tahap. Add the next ones (POST /v1/tahap-calendar) before SK are refused.",
    "Kalender tinggal memuat {ahead} tahap. Tambahkan tahap berikutnya (POST /v1/tahap-calendar) sebelum SK ditolak.",
)


async def require_policy(session: AsyncSession, exit_reason: ExitReason, on: date) -> Policy:
    """Return the policy of an exit reason in force on a date.

    Raises:
        PolicyMissing
    """
    policy = await find_policy(session, exit_reason, on)
    if policy is None:
        raise PolicyMissing("/body/exit_reason", exit_reason=exit_reason, on=on)
    return policy


async def find_policy(session: AsyncSession, exit_reason: ExitReason, on: date) -> Policy | None:
    """Return the policy of an exit reason in force on a date, or None."""
    statement = sa.select(Policy).where(
        Policy.exit_reason == exit_reason,
        valid_on(Policy.valid_from, Policy.valid_to, on),
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def read_policies(session: AsyncSession, state: PolicyState | None) -> list[dict[str, Any]]:
    """Return all policy versions, ordered by exit reason, or those with `state` today."""
    on = await clock.today(session)
    rows = (await session.scalars(sa.select(Policy).order_by(Policy.exit_reason, Policy.version))).all()
    views = [{**_to_fields(policy), "state": policy.state_on(on)} for policy in rows]
    return [view for view in views if state in {None, view["state"]}]


async def read_policy_in_force(session: AsyncSession, exit_reason: ExitReason) -> dict[str, Any]:
    """Return the policy of an exit reason in force today, with its instrument.

    Raises:
        NotFound
    """
    on = await clock.today(session)
    statement = sa.select(Policy).where(
        Policy.exit_reason == exit_reason,
        valid_on(Policy.valid_from, Policy.valid_to, on),
    )
    return await _read_full_view(session, (await session.scalars(statement)).one_or_none())


async def read_policy_version(session: AsyncSession, policy_id: UUID) -> dict[str, Any]:
    """Return one version with its instrument.

    Raises:
        NotFound
    """
    return await _read_full_view(session, await session.get(Policy, policy_id))


async def _read_full_view(session: AsyncSession, policy: Policy | None) -> dict[str, Any]:
    if policy is None:
        raise NotFound("policy")
    instrument = await session.get(Instrument, policy.instrument_id) if policy.instrument_id else None
    statement = sa.select(Indicator).where(Indicator.instrument_id == policy.instrument_id)
    indicators = (await session.scalars(statement.order_by(Indicator.position))).all()
    state = policy.state_on(await clock.today(session))
    withdrawal = await session.get(PolicyWithdrawal, policy.policy_id) if policy.withdrawn_by else None
    view: dict[str, Any] = _to_fields(policy) | {"state": state, "withdrawal": withdrawal}
    view["instrument"] = _to_instrument_view(instrument, indicators) if instrument else None
    approvals = sa.select(PolicyApproval).where(PolicyApproval.policy_id == policy.policy_id)
    view["approvals"] = (await session.scalars(approvals.order_by(PolicyApproval.at))).all()
    return view


def _to_fields(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in PolicyFields.model_fields}


def _to_instrument_view(instrument: Instrument, indicators: Sequence[Indicator]) -> dict[str, Any]:
    terms = {name: getattr(instrument, name) for name in InstrumentTerms.model_fields}
    return {**terms, "version": instrument.version, "indicators": indicators}


async def read_tahap_ahead(session: AsyncSession) -> dict[str, Any]:
    """Return how many tahap the calendar still has, and a warning when they are few."""
    today = await clock.today(session)
    statement = sa.select(sa.func.count()).select_from(TahapCalendar).where(TahapCalendar.cutoff_on >= today)
    ahead = await session.scalar(statement) or 0
    words = Words(TAHAP_WARNING.format(ahead=ahead), TAHAP_WARNING.id.format(ahead=ahead))
    warning = {"en": str(words), "id": words.id} if ahead <= TAHAP_WARNED_AT else None
    return {"ahead": ahead, "warning": warning}
