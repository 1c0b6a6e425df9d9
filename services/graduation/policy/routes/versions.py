from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.graduation.policy import queries
from services.graduation.policy.models.instrument import IndicatorView, InstrumentTerms
from services.graduation.policy.models.policy import PolicyFields, PolicyState, PolicyWithdrawalView
from shared.access import Permission
from shared.contracts.kinds import ExitReason
from shared.fields import View
from shared.http import Router, Session, may

router = Router(tag="policy")


class PolicyView(PolicyFields):
    """What an exit reason asks for, in a range of dates."""

    state: PolicyState


class PolicyList(View):
    """Every policy version; there are few."""

    items: list[PolicyView]


class InstrumentView(InstrumentTerms):
    """The questions and weights by which readiness is judged."""

    version: int
    indicators: list[IndicatorView]


class PolicyFullView(PolicyView):
    """A policy with its instrument, where it scores; and why it was withdrawn, if it was."""

    instrument: InstrumentView | None
    withdrawal: PolicyWithdrawalView | None


@router.get("/policy", response_model=PolicyList)
@may(Permission.POLICY_READ)
async def list_policy(
    session: Session, state: Annotated[PolicyState | None, Query()] = None
) -> dict[str, list[dict[str, Any]]]:
    """List every policy version, or those that stand in a state today."""
    return {"items": await queries.policies(session, state)}


@router.get("/policy/{exit_reason}", response_model=PolicyFullView)
@may(Permission.POLICY_READ)
async def read_policy(exit_reason: ExitReason, session: Session) -> dict[str, Any]:
    """Return the policy of an exit reason in force today, with its instrument."""
    return await queries.policy_in_full(session, exit_reason)


@router.get("/policy-version/{policy_id}", response_model=PolicyFullView)
@may(Permission.POLICY_READ)
async def read_policy_version(policy_id: UUID, session: Session) -> dict[str, Any]:
    """Return one version, drafted, in force or ended, with its instrument."""
    return await queries.policy_version(session, policy_id)
