"""The months at which outcomes are asked, the tasks, the outcomes and reports of relapse."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.contracts.kinds import RelapseCause
from shared.database.tables import Col, no_overlap
from shared.fields import Rupiah


class OutcomeRule(Table, table=True):
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

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    months: Col[list[int]]
    valid_from: Col[date]
    valid_to: Col[date | None] = Field(default=None)
    basis: Col[str]
    set_by: Col[str]
    set_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class Outcome(Table, table=True):
    """What became of the aid so many months after its delivery. Turnover in rupiah a month."""

    __table_args__ = (
        sa.CheckConstraint("month > 0", name="month_positive"),
        sa.CheckConstraint("omzet_rp >= 0", name="omzet_not_negative"),
    )

    rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    month: Col[int] = Field(primary_key=True)
    still_in_business: Col[bool]
    omzet_rp: Col[Rupiah | None] = Field(default=None)
    recorded_on: Col[date]
    recorded_by: Col[str]


class OutcomeTask(Table, table=True):
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

    rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    month: Col[int] = Field(primary_key=True)
    kpm_id: Col[UUID]
    program_code: Col[str]
    kode_wilayah: Col[str]
    due_on: Col[date]
    # Recorded, or closed because the aid was taken back: it falls due no more.
    closed_on: Col[date | None] = Field(default=None)


class RelapseReport(Table, table=True):
    """A report that the family may have fallen back; graduation checks it, referral only says so."""

    rujukan_id: Col[UUID] = Field(primary_key=True, foreign_key="rujukan.rujukan_id")
    reported_on: Col[date] = Field(primary_key=True)
    month: Col[int]
    cause: Col[RelapseCause]
    reported_by: Col[str]
