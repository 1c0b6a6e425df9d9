"""Outcome rules, outcome tasks, outcomes, and reports of relapse."""

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictBool, StrictInt
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import PartialView, Table
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.kinds import RelapseCause
from shared.database.tables import Authored, Col, Fields, no_overlap
from shared.deadlines import Until, Waits, track_waits
from shared.field_classes import SPESIFIK
from shared.fields import Day, RequestOnly, Rupiah, Sentence
from shared.roles import Role

Month = Annotated[StrictInt, Interval(ge=1, le=60), RequestOnly()]


class OutcomeRuleTerms(Fields):
    """The months after a delivery at which outcomes are asked, from a day on.

    The rule applies to rujukan that open from that day.
    """

    months: Col[Annotated[list[Month], Len(1, 24), RequestOnly([3, 6, 12, 24])]]
    valid_from: Col[Day]
    basis: Col[Sentence]


class OutcomeRuleView(OutcomeRuleTerms, Authored):
    """A version of the rule.

    It applies to rujukan opened from `valid_from` until the day before `valid_to`. A voided one has an empty range.
    """

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    valid_to: Col[date | None] = Field(default=None)


class OutcomeRule(OutcomeRuleView, Table, table=True):
    """The months after a delivery at which outcomes are asked (docs/case-lifecycle.md#outcomes).

    It applies to rujukan that opened in its range, independent of the day of their delivery.
    """

    __table_args__ = (
        no_overlap("ex_outcome_rule_range"),
        sa.CheckConstraint(
            "cardinality(months) > 0 AND 0 < ALL (months) AND 60 >= ALL (months)", name="some_months"
        ),
        sa.CheckConstraint("valid_to >= valid_from", name="range"),
    )


class OutcomeTerms(Fields):
    """What was observed some months after delivery, as the rule asks.

    Turnover in rupiah a month.
    """

    month: Col[Annotated[StrictInt, Interval(ge=1, le=120), RequestOnly(3)]]
    still_in_business: Col[Annotated[StrictBool, RequestOnly(True)]]
    omzet_rp: Col[Annotated[Rupiah | None, SPESIFIK]] = Field(default=None)


class OutcomeItem(OutcomeTerms):
    """The outcome of the aid. Turnover in rupiah a month.

    `late`: it was recorded after the aid was closed.
    """

    recorded_on: Col[date]
    late: Col[bool] = Field(default=False)


class Outcome(OutcomeItem, Table, table=True):
    """The outcome of the aid some months after its delivery. Turnover in rupiah a month."""

    __table_args__ = (
        sa.PrimaryKeyConstraint("rujukan_program_id", "month"),
        sa.CheckConstraint("month > 0", name="month_positive"),
        sa.CheckConstraint("omzet_rp >= 0", name="omzet_not_negative"),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    recorded_by: Col[str]


class OutcomeTaskFacts(Fields):
    """An outcome to be recorded, and its day."""

    rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    month: Col[int] = Field(primary_key=True)
    program_code: Col[str]
    kode_wilayah: Col[str]
    due_on: Col[date]


class OutcomeTaskItem(OutcomeTaskFacts, PartialView):
    """An outcome to be recorded. A partner does not get the family's id."""

    kpm_id: UUID | None = None


class OutcomeTask(OutcomeTaskFacts, Table, table=True):
    """A task to record the outcome of an aid in a month after its delivery.

    It belongs to the pendamping who holds the dampingan on the day.
    """

    __table_args__ = (
        sa.Index(
            "ix_outcome_task_open",
            "due_on",
            "rujukan_program_id",
            "month",
            postgresql_where=sa.text("closed_on IS NULL"),
        ),
        sa.Index("ix_outcome_task_kpm_id", "kpm_id", postgresql_where=sa.text("closed_on IS NULL")),
        sa.CheckConstraint("month > 0", name="month_positive"),
        track_waits(
            Waits({"OPEN": Until("due_on", Role.PENDAMPING)}, state="'OPEN'", rows="closed_on IS NULL")
        ),
    )

    kpm_id: Col[UUID]
    # The outcome was recorded, or the aid was withdrawn.
    closed_on: Col[date | None] = Field(default=None)


class RelapseTerms(Fields):
    """A report that the family may have relapsed, `month` months after the exit.

    The cause is a code.
    """

    month: Col[Annotated[StrictInt, Interval(ge=0, le=240), RequestOnly(4)]]
    cause: Col[Annotated[RelapseCause, SPESIFIK]]
    reported_on: Col[Annotated[Day, RequestOnly("2026-10-20")]]


class RelapseView(RelapseTerms):
    """A report of relapse. A voided one was a mistake."""

    relapse_report_id: Col[UUID] = Field(primary_key=True)
    rujukan_id: Col[UUID] = Field(foreign_key="rujukan.rujukan_id")
    voided_on: Col[date | None] = Field(default=None)
    void_reason: Col[VoidReason | None] = Field(default=None)


class RelapseReport(RelapseView, Table, table=True):
    """A report that the family may have relapsed. Graduation checks it."""

    __table_args__ = (
        sa.Index(
            "uq_relapse_report_day",
            "rujukan_id",
            "reported_on",
            unique=True,
            postgresql_where=sa.text("voided_on IS NULL"),
        ),
    )

    reported_by: Col[str]
    voided_by: Col[str | None] = Field(default=None)
