"""The months at which outcomes are asked, the tasks, the outcomes and reports of relapse."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictBool, StrictInt
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import PartialView, Table
from shared.contracts.kinds import RelapseCause
from shared.database.tables import Col, Fields, no_overlap
from shared.fields import Asked, Day, Rupiah, Sentence

Month = Annotated[StrictInt, Interval(ge=1, le=60), Asked()]


class OutcomeRuleTerms(Fields):
    """At which months after a delivery an outcome is asked, of rujukan that open from a day on."""

    months: Col[Annotated[list[Month], Len(1, 24), Asked([3, 6, 12, 24])]]
    valid_from: Col[Day]
    basis: Col[Sentence]


class OutcomeRuleView(OutcomeRuleTerms):
    """A version. It holds for rujukan that opened from `valid_from` to the day before `valid_to`."""

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    valid_to: Col[date | None] = Field(default=None)


class OutcomeRule(OutcomeRuleView, Table, table=True):
    """At which months after a delivery it is asked what became of the aid (chain.md 3).

    It holds for the rujukan that opened in its range, whenever their aid is delivered.
    """

    __table_args__ = (
        no_overlap("ex_outcome_rule_range"),
        sa.CheckConstraint(
            "cardinality(months) > 0 AND 0 < ALL (months) AND 60 >= ALL (months)", name="some_months"
        ),
        sa.CheckConstraint("valid_to > valid_from", name="range"),
    )

    set_by: Col[str]
    set_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class OutcomeTerms(Fields):
    """What was found so many months after delivery, as the rule asks; turnover in rupiah a month."""

    month: Col[Annotated[StrictInt, Interval(ge=1, le=120), Asked(3)]]
    still_in_business: Col[Annotated[StrictBool, Asked(True)]]
    omzet_rp: Col[Rupiah | None] = Field(default=None)


class OutcomeItem(OutcomeTerms):
    """What became of the aid; turnover in rupiah a month."""

    recorded_on: Col[date]


class Outcome(OutcomeItem, Table, table=True):
    """What became of the aid so many months after its delivery. Turnover in rupiah a month."""

    __table_args__ = (
        sa.PrimaryKeyConstraint("rujukan_program_id", "month"),
        sa.CheckConstraint("month > 0", name="month_positive"),
        sa.CheckConstraint("omzet_rp >= 0", name="omzet_not_negative"),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    recorded_by: Col[str]


class OutcomeTaskFacts(Fields):
    """An outcome that is to be seen, and when."""

    rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    month: Col[int] = Field(primary_key=True)
    program_code: Col[str]
    kode_wilayah: Col[str]
    due_on: Col[date]


class OutcomeTaskItem(OutcomeTaskFacts, PartialView):
    """An outcome that is to be seen. A partner is not shown the family's id."""

    kpm_id: UUID | None = None


class OutcomeTask(OutcomeTaskFacts, Table, table=True):
    """See what became of the aid in a month after its delivery. Its holder is who holds the dampingan on the day."""

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
    )

    kpm_id: Col[UUID]
    # Recorded, or closed because the aid was taken back: it falls due no more.
    closed_on: Col[date | None] = Field(default=None)


class RelapseTerms(Fields):
    """Somebody sees that the family may have fallen back, `month` months after the exit; the cause is a code."""

    month: Col[Annotated[StrictInt, Interval(ge=0, le=240), Asked(4)]]
    cause: Col[RelapseCause]
    reported_on: Col[Annotated[date, Asked("2026-10-20")]]


class RelapseView(RelapseTerms):
    """A report of relapse."""

    rujukan_id: Col[UUID] = Field(foreign_key="rujukan.rujukan_id")


class RelapseReport(RelapseView, Table, table=True):
    """A report that the family may have fallen back; graduation checks it, referral only says so."""

    __table_args__ = (sa.PrimaryKeyConstraint("rujukan_id", "reported_on"),)

    reported_by: Col[str]
