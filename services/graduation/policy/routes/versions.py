from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.graduation.policy import queries
from services.graduation.policy.models.instrument import IndicatorView, InstrumentTerms
from services.graduation.policy.models.policy import (
    PolicyApprovalView,
    PolicyFields,
    PolicyState,
    PolicyWithdrawalView,
)
from shared.access import Permission
from shared.contracts.kinds import ExitReason
from shared.fields import KNOWN, View
from shared.http import Router, Session, may

router = Router(tag="policy")


class PolicyView(PolicyFields):
    """The requirements of an exit reason in a range of dates."""

    state: PolicyState


class PolicyList(View):
    """All policy versions."""

    items: list[PolicyView]


class InstrumentView(InstrumentTerms):
    """The criteria and weights by which readiness is judged."""

    version: int
    indicators: list[IndicatorView]


class PolicyFullView(PolicyView):
    """A policy with its instrument, its approvals, and its withdrawal, if any."""

    instrument: InstrumentView | None
    approvals: list[PolicyApprovalView]
    withdrawal: PolicyWithdrawalView | None


@router.get("/policy", response_model=PolicyList)
@may(Permission.POLICY_READ)
async def list_policy(
    session: Session, state: Annotated[PolicyState | None, Query()] = None
) -> dict[str, list[dict[str, Any]]]:
    """List all policy versions, or those with a state today."""
    return {"items": await queries.read_policies(session, state)}


@router.get("/policy/{exit_reason}", response_model=PolicyFullView)
@may(Permission.POLICY_READ)
async def read_policy(exit_reason: Annotated[ExitReason, KNOWN], session: Session) -> dict[str, Any]:
    """Return the policy of an exit reason in force today, with its instrument."""
    return await queries.read_policy_in_force(session, exit_reason)


@router.get("/policy-version/{policy_id}", response_model=PolicyFullView)
@may(Permission.POLICY_READ)
async def read_policy_version(policy_id: UUID, session: Session) -> dict[str, Any]:
    """Return one version in any state, with its instrument."""
    return await queries.read_policy_version(session, policy_id)
