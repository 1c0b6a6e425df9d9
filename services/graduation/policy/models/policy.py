from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import At, Key, Table
from shared.contracts.kinds import DesilScope, ExitReason
from shared.database import text_enum


class OpenedBy(StrEnum):
    """What opens a case: a pendamping here, or an exit that caseload proposed on evidence."""

    PENDAMPING = "PENDAMPING"
    EXIT_PROPOSED = "EXIT_PROPOSED"


class TermUnit(StrEnum):
    """In what a term is counted."""

    DAY = "DAY"
    MONTH = "MONTH"


class TermStart(StrEnum):
    """From which date a term runs."""

    ANNOUNCED_ON = "ANNOUNCED_ON"
    SK_ON = "SK_ON"


class PolicyState(StrEnum):
    """Where a version stands: drafted; approved by two; activated from a day to come; in force; ended by a later one.

    WITHDRAWN: taken back before it was activated; it stays to be read.
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
        PolicyState.PLANNED: frozenset(),
        PolicyState.IN_FORCE: frozenset(),
        PolicyState.ENDED: frozenset(),
        PolicyState.WITHDRAWN: frozenset(),
    }
)
"""What people may do to a version. PLANNED comes into force by its day, and ends by the day of a later one."""
# What every case goes through; a policy adds the village's deliberation, or does not.
EVERY_STAGE = "ARRAY['USUL', 'VERIFIKASI', 'PERSETUJUAN', 'PENETAPAN', 'SANGGAH']"
# As far after an exit as a task reaches: a limit of the calendar of tasks, no rule.
LAST_MONTH = 60
REASONS = "num_nonnulls(candidate_desil_at_least, candidate_usaha_months, candidate_program_years)"


class Policy(Table):
    """What an exit reason asks for, in a range of dates. A case keeps the version under which it was opened.

    Drafted by one, approved by two others, then activated from a date; its content never changes.
    """

    __tablename__ = "policy"
    __table_args__: Any = (
        sa.UniqueConstraint("exit_reason", "version", name="uq_policy_exit_reason_version"),
        ExcludeConstraint(
            ("exit_reason", "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_policy_one_at_a_time",
            using="gist",
            where=sa.text("valid_from IS NOT NULL"),
        ),
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
        sa.CheckConstraint("valid_from IS NOT NULL OR valid_to IS NULL", name="ends_what_began"),
        sa.ForeignKeyConstraint(
            ["policy_id", "withdrawn_by"],
            ["policy_withdrawal.policy_id", "policy_withdrawal.person"],
            name="fk_policy_withdrawn_by",
            use_alter=True,
        ),
        sa.CheckConstraint("withdrawn_by IS NULL OR valid_from IS NULL", name="withdrawn_never_in_force"),
        sa.CheckConstraint("(withdrawn_by IS NULL) = (withdrawn_on IS NULL)", name="withdrawn_on_a_day"),
        sa.CheckConstraint(f"stages @> {EVERY_STAGE}", name="stages_whole"),
        sa.CheckConstraint("needs_score OR NOT needs_statement", name="statement_on_a_score"),
        sa.CheckConstraint(
            "opened_by = 'PENDAMPING' OR NOT needs_score", name="exit_proposed_without_a_score"
        ),
        sa.CheckConstraint(
            "(candidate_desil_scope IS NULL) = (candidate_desil_at_least IS NULL)", name="gate_by_scope"
        ),
        sa.CheckConstraint(
            f"candidate_reasons BETWEEN 1 AND greatest(1, {REASONS})", name="reasons_that_can_be_met"
        ),
        sa.CheckConstraint(
            f"candidate_komponen_months IS NULL OR {REASONS} = 0", name="by_nature_or_by_reasons"
        ),
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
    )

    policy_id: Mapped[Key]
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason))
    version: Mapped[int] = mapped_column(sa.Integer)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    # Given by a migration before there was anybody to draft; no service role may say so of a row.
    first_content: Mapped[bool] = mapped_column(server_default=sa.false())
    drafted_by: Mapped[str | None]
    drafted_by_sub: Mapped[str | None]
    drafted_at: Mapped[At | None]
    reason: Mapped[str | None]
    first_approver: Mapped[str | None]
    second_approver: Mapped[str | None]
    activated_by: Mapped[str | None]
    activated_on: Mapped[date | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_on: Mapped[date | None]
    opened_by: Mapped[OpenedBy] = mapped_column(text_enum(OpenedBy))
    stages: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    four_people: Mapped[bool]
    needs_score: Mapped[bool]
    needs_statement: Mapped[bool]
    needs_komponen_ended: Mapped[bool]
    counts: Mapped[bool]
    opens_rujukan: Mapped[bool]
    sanggah_length: Mapped[int] = mapped_column(sa.Integer)
    sanggah_unit: Mapped[TermUnit] = mapped_column(text_enum(TermUnit))
    sanggah_starts_from: Mapped[TermStart] = mapped_column(text_enum(TermStart))
    # Months in which the family is visited, from the exit on; 0: nobody is to be visited, and the case is complete.
    monitoring_months: Mapped[int] = mapped_column(sa.Integer)
    # Of a family that stood: at which months after the exit it is looked at again.
    follow_up_months: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    # At which months a cohort is asked whether its families are still out.
    survival_months: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    # Within how many days a report of a relapse is looked into.
    check_days: Mapped[int] = mapped_column(sa.Integer)
    instrument_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("instrument.instrument_id"))
    credit_rule_version: Mapped[int] = mapped_column(sa.ForeignKey("credit_rule.version"))
    # Side states that this policy lets nobody enter without evidence (DITOLAK, DIBATALKAN, ...).
    evidence_for: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")
    # What makes a candidate: so many of these reasons; one that is empty is none. Months and years are full ones.
    candidate_desil_scope: Mapped[DesilScope | None] = mapped_column(text_enum(DesilScope))
    candidate_desil_at_least: Mapped[int | None] = mapped_column(sa.Integer)
    candidate_usaha_months: Mapped[int | None] = mapped_column(sa.Integer)
    candidate_program_years: Mapped[int | None] = mapped_column(sa.Integer)
    candidate_komponen_months: Mapped[int | None] = mapped_column(sa.Integer)
    candidate_reasons: Mapped[int] = mapped_column(sa.Integer, server_default="1")

    def state_on(self, on: date) -> PolicyState:
        """Return where the version stands on a date."""
        if self.withdrawn_by is not None:
            return PolicyState.WITHDRAWN
        if self.valid_from is None:
            return PolicyState.APPROVED if self.second_approver else PolicyState.DRAFT
        if self.valid_from > on:
            return PolicyState.PLANNED
        return PolicyState.IN_FORCE if self.valid_to is None or self.valid_to > on else PolicyState.ENDED


class PolicyApproval(Table):
    """One of the two approvals of a draft; neither the drafter nor one account twice can give one. Append-only."""

    __tablename__ = "policy_approval"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["policy_id", "drafted_by", "drafted_by_sub"],
            ["policy.policy_id", "policy.drafted_by", "policy.drafted_by_sub"],
            name="fk_policy_approval_policy_id",
        ),
        sa.UniqueConstraint("policy_id", "sub", name="uq_policy_approval_sub"),
        sa.CheckConstraint("person <> drafted_by AND sub <> drafted_by_sub", name="not_by_the_drafter"),
    )

    policy_id: Mapped[Key]
    person: Mapped[str] = mapped_column(primary_key=True)
    drafted_by: Mapped[str]
    drafted_by_sub: Mapped[str]
    sub: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[At]


class PolicyWithdrawal(Table):
    """Who took a version back before it was activated, and why; once. Append-only."""

    __tablename__ = "policy_withdrawal"
    __table_args__ = (sa.UniqueConstraint("policy_id", "person", name="uq_policy_withdrawal_person"),)

    policy_id: Mapped[UUID] = mapped_column(sa.ForeignKey("policy.policy_id"), primary_key=True)
    person: Mapped[str]
    sub: Mapped[str]
    reason: Mapped[str]
    at: Mapped[At]
