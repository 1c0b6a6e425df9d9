"""Terms as rows, the deadlines of each sending that follow from them, and what was escalated past one."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt
from sqlmodel import Field

from services.referral.partner.models import Code
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields, no_overlap
from shared.fields import Asked, Day, Sentence


class DeadlineKind(StrEnum):
    """What falls due after a sending: a word to the partner, one to officials, and the end."""

    REMINDER = "REMINDER"
    ESCALATION = "ESCALATION"
    EXPIRY = "EXPIRY"


class Awaited(StrEnum):
    """What a partner is late with: its answer, or the aid that it approved."""

    ANSWER = "ANSWER"
    DELIVERY = "DELIVERY"


class SlaTermTerms(Fields):
    """Calendar days around the SLA of a program, or of all programs that have no term of their own."""

    program_code: Col[Code | None] = Field(default=None)
    remind_before_days: Col[Annotated[StrictInt, Interval(ge=0, le=364), Asked(3)]]
    escalate_after_days: Col[Annotated[StrictInt, Interval(ge=1, le=365), Asked(1)]]
    expire_after_days: Col[Annotated[StrictInt, Interval(ge=1, le=1825), Asked(90)]]
    close_after_days: Col[Annotated[StrictInt, Interval(ge=0, le=1825), Asked(90)]]
    deliver_within_days: Col[Annotated[StrictInt, Interval(ge=1, le=1825), Asked(60)]]
    valid_from: Col[Day]
    basis: Col[Sentence]


class SlaTermView(SlaTermTerms):
    """A term. It holds from `valid_from` to the day before `valid_to`."""

    sla_term_id: Col[UUID] = Field(primary_key=True)
    valid_to: Col[date | None] = Field(default=None)


class SlaTerm(SlaTermView, Table, table=True):
    """How many days around a program's SLA things fall due; of a program, or of all without one of their own.

    `deliver_within_days` is in how many days after its approval an aid is to reach the family; around that day the
    partner is reminded and officials are told as around the SLA, and nothing runs out: what was approved stays approved.

    `close_after_days` is how long a case whose offers have all ended stays open for a next one, and an aid for its
    last outcome.

    It holds from `valid_from` to the day before `valid_to`. Days are calendar days.
    """

    __table_args__ = (
        sa.CheckConstraint("remind_before_days BETWEEN 0 AND 364", name="remind_before_days_range"),
        sa.CheckConstraint("escalate_after_days BETWEEN 1 AND 365", name="escalate_after_days_range"),
        sa.CheckConstraint("expire_after_days BETWEEN 1 AND 1825", name="expire_after_days_range"),
        sa.CheckConstraint("close_after_days BETWEEN 0 AND 1825", name="close_after_days_range"),
        sa.CheckConstraint("deliver_within_days BETWEEN 1 AND 1825", name="deliver_within_days_range"),
        sa.CheckConstraint("valid_to > valid_from", name="range"),
        no_overlap("ex_sla_term_range", "coalesce(program_code, '')"),
    )

    set_by: Col[str]
    set_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class Deadline(Table, table=True):
    """One deadline of one sending on the business clock; it stands still while the rujukan is paused."""

    rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    kind: Col[DeadlineKind] = Field(primary_key=True)
    started_on: Col[date]
    due_on: Col[date]
    sla_term_id: Col[UUID] = Field(foreign_key="sla_term.sla_term_id")
    passed_on: Col[date | None] = Field(default=None)


class EscalationView(Fields):
    """A partner that let its SLA pass; `settled_on` is the day on which it answered, or delivered, after all."""

    escalation_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    rujukan_id: Col[UUID]
    partner_id: Col[UUID]
    program_code: Col[str]
    kode_wilayah: Col[str]
    awaited: Col[Awaited]
    sla_due_on: Col[date]
    raised_on: Col[date]
    settled_on: Col[date | None] = Field(default=None)
    acknowledged_on: Col[date | None] = Field(default=None)
    acknowledged_by: Col[str | None] = Field(default=None)
    note: Col[str | None] = Field(default=None)


class Escalation(EscalationView, Table, table=True):
    """A partner let an SLA pass; it waits for a person of Dinsos or Kemensos.

    It ends when the partner answers; where an aid was awaited, when it is delivered or the offer taken back.
    """

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


class Pause(Table, table=True):
    """A sanggah that suspends: from the day it was heard to the day its refusal was; append-only but for its end."""

    __table_args__ = (
        sa.Index("ix_pause_of", "rujukan_id"),
        sa.CheckConstraint("resumed_on >= paused_on", name="range"),
    )

    sanggah_id: Col[UUID] = Field(primary_key=True)
    rujukan_id: Col[UUID] = Field(primary_key=True, foreign_key="rujukan.rujukan_id")
    paused_on: Col[date]
    resumed_on: Col[date | None] = Field(default=None)
