"""The months at which outcomes are asked, the tasks, the outcomes and reports of relapse."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.contracts.kinds import RelapseCause
from shared.database import Rupiah, text_enum


class OutcomeRule(Table):
    """At which months after a delivery it is asked what became of the aid (chain.md 3).

    It holds for the rujukan that opened in its range, whenever their aid is delivered.
    """

    __tablename__ = "outcome_rule"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    months: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    basis: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (
        ExcludeConstraint(
            (sa.text("daterange(valid_from, valid_to)"), "&&"), using="gist", name="ex_outcome_rule_range"
        ),
        sa.CheckConstraint(
            "cardinality(months) > 0 AND 0 < ALL (months) AND 60 >= ALL (months)", name="some_months"
        ),
        sa.CheckConstraint("valid_to > valid_from", name="range"),
    )


class Outcome(Table):
    """What became of the aid so many months after its delivery. Turnover in rupiah a month."""

    __tablename__ = "outcome"

    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID), primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    still_in_business: Mapped[bool]
    omzet_rp: Mapped[Rupiah | None]
    recorded_on: Mapped[date]
    recorded_by: Mapped[str]

    __table_args__ = (
        sa.CheckConstraint("month > 0", name="month_positive"),
        sa.CheckConstraint("omzet_rp >= 0", name="omzet_not_negative"),
    )


class OutcomeTask(Table):
    """See what became of the aid in a month after its delivery. Its holder is who holds the dampingan on the day."""

    __tablename__ = "outcome_task"

    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID), primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kpm_id: Mapped[UUID]
    program_code: Mapped[str]
    kode_wilayah: Mapped[str]
    due_on: Mapped[date]
    # Recorded, or closed because the aid was taken back: it falls due no more.
    closed_on: Mapped[date | None]

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


class RelapseReport(Table):
    """A report that the family may have fallen back; graduation checks it, referral only says so."""

    __tablename__ = "relapse_report"

    rujukan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rujukan.rujukan_id"), primary_key=True)
    reported_on: Mapped[date] = mapped_column(primary_key=True)
    month: Mapped[int]
    cause: Mapped[RelapseCause] = mapped_column(text_enum(RelapseCause))
    reported_by: Mapped[str]
