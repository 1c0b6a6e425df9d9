"""Rules as they are in force: policies with their instrument, the calendar of payment."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field, StrictInt, model_validator
from starlette.responses import Response

from services.graduation import commands, queries
from services.graduation.models import (
    Check,
    GraduasiState,
    OpenedBy,
    PolicyState,
    Source,
    Stage,
    TahapCalendar,
    TermStart,
    TermUnit,
    ValueType,
)
from services.graduation.routes.shapes import Day, Request, View
from shared.access import Permission
from shared.contracts.kinds import DesilScope, ExitReason
from shared.errors import BadValue
from shared.http import Paging, Router, Session, may

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


class Tahap(Request):
    """A payment stage: its start, and until when an exit still makes it."""

    year: Annotated[StrictInt, Field(ge=2020, le=2100, examples=[2028])]
    number: Annotated[StrictInt, Field(ge=1, le=4, examples=[1])]
    starts_on: Day
    cutoff_on: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.cutoff_on >= self.starts_on:
            raise BadValue("The cut-off lies before the start.", "Batas waktu harus sebelum tanggal mulai.")
        return self


class TahapView(View):
    """A tahap of the calendar."""

    year: int
    number: int
    starts_on: date
    cutoff_on: date


class TahapPage(View):
    """A page of the calendar, in order."""

    items: list[TahapView]
    next: str | None


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


@router.get("/tahap-calendar", response_model=TahapPage)
@may(Permission.POLICY_READ)
async def list_tahap_calendar(
    session: Session, paging: Paging, year: Annotated[int | None, Query(ge=2000, le=2100)] = None
) -> Response:
    """List the calendar of payment."""
    columns = (TahapCalendar.year, TahapCalendar.number, TahapCalendar.starts_on, TahapCalendar.cutoff_on)
    statement = sa.select(*columns).where(sa.true() if year is None else TahapCalendar.year == year)
    return await paging.answer(session, statement, columns[:2])


@router.post("/tahap-calendar", status_code=201, response_model=TahapView)
@may(Permission.TAHAP_CALENDAR_SET, key_required=True)
async def set_tahap(body: Tahap, session: Session) -> TahapCalendar:
    """Plan a tahap, or move one that is planned."""
    return await commands.set_tahap(session, body.year, body.number, body.starts_on, body.cutoff_on)
