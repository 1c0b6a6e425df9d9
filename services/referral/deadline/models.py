"""Terms as rows, the deadlines of each sending that follow from them, and what was escalated past one."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database import text_enum


class DeadlineKind(StrEnum):
    """What falls due after a sending: a word to the partner, one to officials, and the end."""

    REMINDER = "REMINDER"
    ESCALATION = "ESCALATION"
    EXPIRY = "EXPIRY"


class Awaited(StrEnum):
    """What a partner is late with: its answer, or the aid that it approved."""

    ANSWER = "ANSWER"
    DELIVERY = "DELIVERY"


class SlaTerm(Table):
    """How many days around a program's SLA things fall due; of a program, or of all without one of their own.

    `deliver_within_days` is in how many days after its approval an aid is to reach the family; around that day the
    partner is reminded and officials are told as around the SLA, and nothing runs out: what was approved stays approved.

    `close_after_days` is how long a case whose offers have all ended stays open for a next one, and an aid for its
    last outcome.

    It holds from `valid_from` to the day before `valid_to`. Days are calendar days.
    """

    __tablename__ = "sla_term"

    sla_term_id: Mapped[UUID] = mapped_column(primary_key=True)
    program_code: Mapped[str | None]
    remind_before_days: Mapped[int]
    escalate_after_days: Mapped[int]
    expire_after_days: Mapped[int]
    close_after_days: Mapped[int]
    deliver_within_days: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    basis: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (
        sa.CheckConstraint("remind_before_days BETWEEN 0 AND 364", name="remind_before_days_range"),
        sa.CheckConstraint("escalate_after_days BETWEEN 1 AND 365", name="escalate_after_days_range"),
        sa.CheckConstraint("expire_after_days BETWEEN 1 AND 1825", name="expire_after_days_range"),
        sa.CheckConstraint("close_after_days BETWEEN 0 AND 1825", name="close_after_days_range"),
        sa.CheckConstraint("deliver_within_days BETWEEN 1 AND 1825", name="deliver_within_days_range"),
        sa.CheckConstraint("valid_to > valid_from", name="range"),
        ExcludeConstraint(
            (sa.text("coalesce(program_code, '')"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="ex_sla_term_range",
        ),
    )


class Deadline(Table):
    """One deadline of one sending on the business clock; it stands still while the rujukan is paused."""

    __tablename__ = "deadline"

    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID), primary_key=True)
    kind: Mapped[DeadlineKind] = mapped_column(text_enum(DeadlineKind), primary_key=True)
    started_on: Mapped[date]
    due_on: Mapped[date]
    sla_term_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sla_term.sla_term_id"))
    passed_on: Mapped[date | None]


class Escalation(Table):
    """A partner let an SLA pass; it waits for a person of Dinsos or Kemensos.

    It ends when the partner answers; where an aid was awaited, when it is delivered or the offer taken back.
    """

    __tablename__ = "escalation"

    escalation_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID))
    rujukan_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    program_code: Mapped[str]
    kode_wilayah: Mapped[str]
    awaited: Mapped[Awaited] = mapped_column(text_enum(Awaited))
    sla_due_on: Mapped[date]
    raised_on: Mapped[date]
    settled_on: Mapped[date | None]
    acknowledged_on: Mapped[date | None]
    acknowledged_by: Mapped[str | None]
    note: Mapped[str | None]

    __table_args__ = (
        sa.UniqueConstraint("rujukan_program_id", "sla_due_on", name="uq_escalation_once"),
        sa.Index(
            "ix_escalation_open",
            "escalation_id",
            postgresql_where=sa.text("acknowledged_on IS NULL AND settled_on IS NULL"),
        ),
        sa.CheckConstraint("settled_on >= raised_on", name="settled_after"),
        sa.CheckConstraint(
            "(acknowledged_on IS NULL) = (acknowledged_by IS NULL)"
            " AND (acknowledged_on IS NULL) = (note IS NULL)",
            name="acknowledged_whole",
        ),
    )


class Pause(Table):
    """A sanggah that suspends: from the day it was heard to the day its refusal was; append-only but for its end."""

    __tablename__ = "pause"

    sanggah_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rujukan.rujukan_id"), primary_key=True)
    paused_on: Mapped[date]
    resumed_on: Mapped[date | None]

    __table_args__ = (
        sa.Index("ix_pause_of", "rujukan_id"),
        sa.CheckConstraint("resumed_on >= paused_on", name="range"),
    )
