from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictBool, StrictInt
from sqlmodel import Field

from services.graduation.case.models import GraduasiState, Stage
from services.graduation.tables import Table
from shared.contracts.kinds import DesilScope, ExitReason
from shared.database.tables import Col, Fields, no_overlap
from shared.deadlines import END, Owner, Waits, track_waits
from shared.fields import KNOWN, RequestOnly
from shared.roles import Role


class OpenedBy(StrEnum):
    """Who opens a case: a pendamping, or an exit proposal of caseload."""

    PENDAMPING = "PENDAMPING"
    EXIT_PROPOSED = "EXIT_PROPOSED"


class TermUnit(StrEnum):
    """Unit of a term's length."""

    DAY = "DAY"
    MONTH = "MONTH"


class TermStart(StrEnum):
    """Date from which a term is counted: the announcement, and never an earlier day."""

    ANNOUNCED_ON = "ANNOUNCED_ON"


class CountedMemberships(StrEnum):
    """Which memberships count: the current one, or earlier ones too."""

    CURRENT = "CURRENT"
    ALL = "ALL"


class PolicyState(StrEnum):
    """State of a policy version on a date.

    APPROVED: approved by two people. PLANNED: activated from a later day. ENDED: followed by a later version.
    WITHDRAWN: withdrawn before it was in force.
    """

    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    PLANNED = "PLANNED"
    IN_FORCE = "IN_FORCE"
    ENDED = "ENDED"
    WITHDRAWN = "WITHDRAWN"


POLICY_TRANSITIONS: Mapping[PolicyState, frozenset[PolicyState]] = MappingProxyType(
    {
        PolicyState.DRAFT: frozenset({PolicyState.APPROVED, PolicyState.WITHDRAWN}),
        PolicyState.APPROVED: frozenset({PolicyState.PLANNED, PolicyState.IN_FORCE, PolicyState.WITHDRAWN}),
        PolicyState.PLANNED: frozenset({PolicyState.WITHDRAWN}),
        PolicyState.IN_FORCE: frozenset(),
        PolicyState.ENDED: frozenset(),
        PolicyState.WITHDRAWN: frozenset(),
    }
)
"""Transitions by commands. PLANNED becomes IN_FORCE, and IN_FORCE becomes ENDED, by the date alone."""
WAITS = Waits(
    dict.fromkeys(PolicyState, END)
    | dict.fromkeys((PolicyState.DRAFT, PolicyState.APPROVED), Owner(Role.KEMENSOS)),
    state="CASE WHEN second_approver IS NULL THEN 'DRAFT' ELSE 'APPROVED' END",
    since="(drafted_at AT TIME ZONE 'Asia/Jakarta')::date",
    rows="valid_from IS NULL AND withdrawn_by IS NULL",
)
# Stages of every policy. Only MUSYAWARAH is optional.
REQUIRED_STAGES = "ARRAY['USUL', 'VERIFIKASI', 'PERSETUJUAN', 'PENETAPAN', 'SANGGAH']"
# The largest month number of a task after an exit: a technical limit.
LAST_MONTH = 60
MEMBERSHIP = "coalesce(candidate_program_years, candidate_program_months)"
REASONS = f"num_nonnulls(candidate_desil_at_least, candidate_usaha_months, {MEMBERSHIP})"


Months = Annotated[StrictInt, Interval(ge=0, le=600), RequestOnly()]
MonthsAfter = Annotated[list[Annotated[StrictInt, Interval(ge=1, le=LAST_MONTH), RequestOnly()]], Len(0, 12)]


class PolicyTerms(Fields):
    """The requirements of an exit reason.

    Months and years are complete ones. A candidate reason that is null does not count.
    If `monitoring_months` is 0, the case is complete when the exit takes effect.
    """

    exit_reason: Col[Annotated[ExitReason, KNOWN, RequestOnly("SEJAHTERA_MANDIRI")]]
    opened_by: Col[OpenedBy]
    stages: Col[Annotated[list[Stage], Len(1, len(Stage)), RequestOnly([stage.value for stage in Stage])]]
    needs_score: Col[StrictBool]
    needs_statement: Col[StrictBool]
    needs_komponen_ended: Col[StrictBool]
    counts: Col[StrictBool]
    opens_rujukan: Col[StrictBool]
    sanggah_length: Col[Annotated[StrictInt, Interval(ge=1, le=400), RequestOnly(30)]]
    sanggah_unit: Col[TermUnit]
    sanggah_starts_from: Col[TermStart]
    # Number of months after the exit in which the family is visited monthly.
    monitoring_months: Col[Annotated[StrictInt, Interval(ge=0, le=LAST_MONTH), RequestOnly(6)]]
    # Months after the exit of the follow-up visits to a family with outcome BERTAHAN.
    follow_up_months: Col[Annotated[MonthsAfter, RequestOnly([12, 24])]]
    # Months after the exit at which a cohort counts the families still without bansos.
    survival_months: Col[Annotated[MonthsAfter, RequestOnly([6, 12, 24])]]
    # Number of days in which a reported relapse is checked.
    check_days: Col[Annotated[StrictInt, Interval(ge=1, le=365), RequestOnly(14)]]
    credit_rule_version: Col[Annotated[StrictInt, Interval(ge=1, le=10_000), RequestOnly(1)]] = Field(
        foreign_key="credit_rule.version"
    )
    # Side states that require evidence (DITOLAK, DIBATALKAN, ...).
    evidence_for: Col[Annotated[list[GraduasiState], Len(0, 4), RequestOnly(["DIBATALKAN"])]] = Field(
        default=[], sa_column_kwargs={"server_default": "{}"}
    )
    # A family is a candidate if at least `candidate_reasons` of these reasons apply.
    candidate_desil_scope: Col[Annotated[DesilScope, KNOWN] | None] = Field(default=None)
    candidate_desil_at_least: Col[Annotated[StrictInt, Interval(ge=1, le=10), RequestOnly()] | None] = Field(
        default=None
    )
    candidate_usaha_months: Col[Months | None] = Field(default=None)
    candidate_program_years: Col[Annotated[StrictInt, Interval(ge=0, le=50), RequestOnly()] | None] = Field(
        default=None
    )
    # Instead of years.
    candidate_program_months: Col[Months | None] = Field(default=None)
    # For PROGRAM_YEARS and PROGRAM_MONTHS, of candidates and of the instrument.
    counted_memberships: Col[CountedMemberships] = Field(
        default=CountedMemberships.CURRENT, sa_column_kwargs={"server_default": "CURRENT"}
    )
    candidate_komponen_months: Col[Months | None] = Field(default=None)
    candidate_reasons: Col[Annotated[StrictInt, Interval(ge=1, le=4), RequestOnly()]] = Field(
        default=1, sa_column_kwargs={"server_default": "1"}
    )


class PolicyFields(PolicyTerms):
    """A version of a policy, and who drafted, approved or withdrew it."""

    policy_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]
    valid_from: Col[date | None]
    valid_to: Col[date | None]
    drafted_by: Col[str | None]
    drafted_at: Col[datetime | None]
    reason: Col[str | None]
    first_approver: Col[str | None]
    second_approver: Col[str | None]
    withdrawn_by: Col[str | None]
    four_people: Col[bool]


class Policy(PolicyFields, Table, table=True):
    """The requirements of an exit reason in a range of dates.

    A case keeps the version under which it was opened.

    A version is drafted by one person, approved by two others, and activated from a date. Its content never changes.
    """

    __table_args__ = (
        sa.UniqueConstraint("exit_reason", "version"),
        no_overlap("ex_policy_one_at_a_time", "exit_reason", where="valid_from IS NOT NULL"),
        sa.UniqueConstraint("policy_id", "drafted_by", "drafted_by_sub", name="uq_policy_drafted_by"),
        *(
            sa.ForeignKeyConstraint(
                ["policy_id", name],
                ["policy_approval.policy_id", "policy_approval.person"],
                name=f"fk_policy_{name}",
                use_alter=True,
            )
            for name in ("first_approver", "second_approver")
        ),
        sa.CheckConstraint(
            "first_content OR (drafted_by IS NOT NULL AND (valid_from IS NULL OR second_approver IS NOT NULL))",
            name="in_force_after_two_approvals",
        ),
        sa.CheckConstraint("(drafted_by IS NULL) = (drafted_by_sub IS NULL)", name="drafted_by_an_account"),
        sa.CheckConstraint(
            "second_approver IS NULL OR first_approver IS NOT NULL", name="first_before_second"
        ),
        sa.CheckConstraint(
            "first_approver <> second_approver AND drafted_by NOT IN (first_approver, second_approver)",
            name="three_people",
        ),
        sa.CheckConstraint("valid_from >= activated_on", name="not_from_the_past"),
        sa.CheckConstraint(
            "first_content OR (valid_from IS NULL) = (activated_on IS NULL)", name="activated_on_a_day"
        ),
        sa.CheckConstraint("valid_from IS NOT NULL OR valid_to IS NULL", name="end_needs_start"),
        sa.ForeignKeyConstraint(
            ["policy_id", "withdrawn_by"],
            ["policy_withdrawal.policy_id", "policy_withdrawal.person"],
            name="fk_policy_withdrawn_by",
            use_alter=True,
        ),
        sa.CheckConstraint("withdrawn_by IS NULL OR valid_from IS NULL", name="withdrawn_never_in_force"),
        sa.CheckConstraint("(withdrawn_by IS NULL) = (withdrawn_on IS NULL)", name="withdrawn_on_a_day"),
        sa.CheckConstraint(f"stages @> {REQUIRED_STAGES}", name="stages_complete"),
        sa.CheckConstraint("needs_score OR NOT needs_statement", name="statement_needs_score"),
        sa.CheckConstraint(
            "opened_by = 'PENDAMPING' OR NOT needs_score", name="exit_proposed_without_a_score"
        ),
        sa.CheckConstraint(
            "(candidate_desil_scope IS NULL) = (candidate_desil_at_least IS NULL)", name="gate_by_scope"
        ),
        sa.CheckConstraint(
            "candidate_program_years IS NULL OR candidate_program_months IS NULL", name="years_or_months"
        ),
        sa.CheckConstraint(f"candidate_reasons BETWEEN 1 AND greatest(1, {REASONS})", name="enough_reasons"),
        sa.CheckConstraint(f"candidate_komponen_months IS NULL OR {REASONS} = 0", name="komponen_or_reasons"),
        sa.CheckConstraint("needs_score = (instrument_id IS NOT NULL)", name="score_by_an_instrument"),
        sa.CheckConstraint(
            f"sanggah_length > 0 AND monitoring_months BETWEEN 0 AND {LAST_MONTH} AND check_days > 0",
            name="lengths",
        ),
        sa.CheckConstraint(
            "1 <= ALL (follow_up_months || survival_months)"
            f" AND {LAST_MONTH} >= ALL (follow_up_months || survival_months)",
            name="months_after",
        ),
        track_waits(WAITS),
    )

    # Inserted by a migration and therefore not drafted. No service role may set this column.
    first_content: Col[bool] = Field(default=None, sa_column_kwargs={"server_default": sa.false()})
    drafted_by_sub: Col[str | None]
    activated_by: Col[str | None]
    activated_on: Col[date | None]
    withdrawn_on: Col[date | None]
    instrument_id: Col[UUID | None] = Field(foreign_key="instrument.instrument_id")

    def state_on(self, on: date) -> PolicyState:
        """Return the version's state on a date."""
        if self.withdrawn_by is not None:
            return PolicyState.WITHDRAWN
        if self.valid_from is None:
            return PolicyState.APPROVED if self.second_approver else PolicyState.DRAFT
        if self.valid_from > on:
            return PolicyState.PLANNED
        return PolicyState.IN_FORCE if self.valid_to is None or self.valid_to > on else PolicyState.ENDED


class PolicyApprovalView(Fields):
    """Who approved a version, when, and with which note. `person` is an id."""

    policy_id: Col[UUID] = Field(primary_key=True)
    person: Col[str] = Field(primary_key=True)
    note: Col[str | None]
    at: Col[datetime]


class PolicyApproval(PolicyApprovalView, Table, table=True):
    """One of two approvals of a draft, never by its drafter. Append-only."""

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["policy_id", "drafted_by", "drafted_by_sub"],
            ["policy.policy_id", "policy.drafted_by", "policy.drafted_by_sub"],
        ),
        sa.UniqueConstraint("policy_id", "sub", name="uq_policy_approval_sub"),
        sa.CheckConstraint("person <> drafted_by AND sub <> drafted_by_sub", name="not_by_the_drafter"),
    )

    drafted_by: Col[str]
    drafted_by_sub: Col[str]
    sub: Col[str]


class PolicyWithdrawalView(Fields):
    """Who withdrew a version, when and why. `person` is an id.

    `planned_from` is the day from which it would have been in force.
    """

    person: Col[str]
    reason: Col[str]
    planned_from: Col[date | None]
    at: Col[datetime]


class PolicyWithdrawal(PolicyWithdrawalView, Table, table=True):
    """The withdrawal of a version before it was in force. Append-only."""

    __table_args__ = (sa.UniqueConstraint("policy_id", "person", name="uq_policy_withdrawal_person"),)

    policy_id: Col[UUID] = Field(foreign_key="policy.policy_id", primary_key=True)
    sub: Col[str]
