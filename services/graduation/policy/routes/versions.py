from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.graduation.case.models import GraduasiState, Stage
from services.graduation.policy import queries
from services.graduation.policy.models.instrument import Check, Source, ValueType
from services.graduation.policy.models.policy import OpenedBy, PolicyState, TermStart, TermUnit
from shared.access import Permission
from shared.contracts.kinds import DesilScope, ExitReason
from shared.fields import View
from shared.http import Router, Session, may

router = Router(tag="policy")


class PolicyView(View):
    """What an exit reason asks for, in a range of dates."""

    policy_id: UUID
    exit_reason: ExitReason
    version: int
    state: PolicyState
    valid_from: date | None
    valid_to: date | None
    drafted_by: str | None
    reason: str | None
    first_approver: str | None
    second_approver: str | None
    withdrawn_by: str | None
    opened_by: OpenedBy
    stages: list[Stage]
    four_people: bool
    needs_score: bool
    needs_statement: bool
    needs_komponen_ended: bool
    counts: bool
    opens_rujukan: bool
    sanggah_length: int
    sanggah_unit: TermUnit
    sanggah_starts_from: TermStart
    monitoring_months: int
    follow_up_months: list[int]
    survival_months: list[int]
    check_days: int
    credit_rule_version: int
    evidence_for: list[GraduasiState]
    candidate_desil_scope: DesilScope | None
    candidate_desil_at_least: int | None
    candidate_usaha_months: int | None
    candidate_program_years: int | None
    candidate_komponen_months: int | None
    candidate_reasons: int


class PolicyList(View):
    """Every policy version; there are few."""

    items: list[PolicyView]


class IndicatorView(View):
    """One criterion: what is asked or known, what passes, what it weighs."""

    code: str
    position: int
    source: Source
    value_type: ValueType
    rule: Check
    passes_at: int
    weight: int
    knock_out: bool
    evidence_required: bool
    text_en: str
    text_id: str


class InstrumentView(View):
    """The questions and weights by which readiness is judged."""

    version: int
    threshold_percent: int
    exempt_below_able: int
    source: str
    indicators: list[IndicatorView]


class PolicyWithdrawalView(View):
    """Who took a version back, when and why; people are ids."""

    person: str
    reason: str
    at: datetime


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
