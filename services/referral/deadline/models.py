"""SLA terms, the deadlines that follow from them, escalations, and pauses."""

from datetime import date
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
from shared.database.tables import Authored, Col, Fields, no_overlap
from shared.deadlines import Owner, Waits, track_waits
from shared.field_classes import PRIBADI
from shared.fields import Day, RequestOnly, Sentence
from shared.roles import Role
from shared.updates import track_updates


class DeadlineKind(StrEnum):
    """What is due after a sending: a reminder to the partner, an escalation, the expiry."""

    REMINDER = "REMINDER"
    ESCALATION = "ESCALATION"
    EXPIRY = "EXPIRY"


class Awaited(StrEnum):
    """What a partner is late with: its answer, or the aid that it approved."""

    ANSWER = "ANSWER"
    DELIVERY = "DELIVERY"


WAITS = Waits(
    {"OPEN": Owner(Role.DINSOS_KABKOTA)},
    state="'OPEN'",
    since="raised_on",
    rows="acknowledged_on IS NULL AND settled_on IS NULL",
    kpm_id="(SELECT p.kpm_id FROM rujukan_program p WHERE p.rujukan_program_id = escalation.rujukan_program_id)",
)


class SlaTermTerms(Fields):
    """Calendar days around the SLA of a program, or of all programs without a term."""

    program_code: Col[Code | None] = Field(default=None)
    remind_before_days: Col[Annotated[StrictInt, Interval(ge=0, le=364), RequestOnly(3)]]
    escalate_after_days: Col[Annotated[StrictInt, Interval(ge=1, le=365), RequestOnly(1)]]
    expire_after_days: Col[Annotated[StrictInt, Interval(ge=1, le=1825), RequestOnly(90)]]
    close_after_days: Col[Annotated[StrictInt, Interval(ge=0, le=1825), RequestOnly(90)]]
    deliver_within_days: Col[Annotated[StrictInt, Interval(ge=1, le=1825), RequestOnly(60)]]
    correct_within_days: Col[Annotated[StrictInt, Interval(ge=0, le=1825), RequestOnly(90)]] = Field(
        default=90
    )
    valid_from: Col[Day]
    basis: Col[Sentence]


class SlaTermView(SlaTermTerms, Authored):
    """A term, in force from `valid_from` until the day before `valid_to`.

    A voided one has an empty range.
    """

    sla_term_id: Col[UUID] = Field(primary_key=True)
    valid_to: Col[date | None] = Field(default=None)


class SlaTerm(SlaTermView, Table, table=True):
    """Calendar days around the SLA of a program, or of all programs without a term.

    `deliver_within_days`: within how many days after its approval the aid must reach the family. Around
    that day the partner is reminded and an escalation is raised as around the SLA. Nothing expires, because
    what was approved stays approved.

    `close_after_days`: how long a rujukan whose offers have all ended stays open for a next offer, and how
    long an aid stays open for its last outcome.

    `correct_within_days`: how long after a delivery or an outcome its values may be corrected.

    A term is in force from `valid_from` until the day before `valid_to`.
    """

    __table_args__ = (
        sa.CheckConstraint("remind_before_days BETWEEN 0 AND 364", name="remind_before_days_range"),
        sa.CheckConstraint("escalate_after_days BETWEEN 1 AND 365", name="escalate_after_days_range"),
        sa.CheckConstraint("expire_after_days BETWEEN 1 AND 1825", name="expire_after_days_range"),
        sa.CheckConstraint("close_after_days BETWEEN 0 AND 1825", name="close_after_days_range"),
        sa.CheckConstraint("deliver_within_days BETWEEN 1 AND 1825", name="deliver_within_days_range"),
        sa.CheckConstraint("correct_within_days BETWEEN 0 AND 1825", name="correct_within_days_range"),
        sa.CheckConstraint("valid_to >= valid_from", name="range"),
        no_overlap("ex_sla_term_range", "coalesce(program_code, '')"),
    )


class Deadline(Table, table=True):
    """One deadline of one offer on the business clock. It is paused with the rujukan."""

    rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    kind: Col[DeadlineKind] = Field(primary_key=True)
    started_on: Col[date]
    due_on: Col[date]
    sla_term_id: Col[UUID] = Field(foreign_key="sla_term.sla_term_id")
    passed_on: Col[date | None] = Field(default=None)


class EscalationFacts(Fields):
    """A partner that let its SLA pass.

    `settled_on` is the day on which it answered or delivered after all.
    """

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


class WithdrawnAcknowledgement(Fields):
    """An acknowledgement that was taken back, and why."""

    acknowledged_on: date
    acknowledged_by: str
    note: Annotated[str, PRIBADI]
    withdrawn_on: date
    withdrawn_by: str
    reason: Annotated[str, PRIBADI]


class EscalationView(EscalationFacts):
    """A partner that let its SLA pass.

    `note` says what is done about it. `withdrawn` has the acknowledgements that were taken back.
    """

    note: Annotated[str | None, PRIBADI]
    withdrawn: list[WithdrawnAcknowledgement]


class Escalation(EscalationFacts, Table, table=True):
    """A partner that let an SLA pass.

    An official of Dinsos or Kemensos handles it. It is settled when the partner answers. If an aid was
    awaited, it is settled when the aid is delivered or the offer withdrawn. The note, and the
    acknowledgements that were taken back (JSON), are sealed with its id.
    """

    __table_args__ = (
        *track_updates("escalation_id"),
        sa.UniqueConstraint("rujukan_program_id", "sla_due_on", name="uq_escalation_once"),
        sa.Index(
            "ix_escalation_open",
            "escalation_id",
            postgresql_where=sa.text("acknowledged_on IS NULL AND settled_on IS NULL"),
        ),
        sa.CheckConstraint("settled_on >= raised_on", name="settled_after"),
        sa.CheckConstraint(
            "(acknowledged_on IS NULL) = (acknowledged_by IS NULL)"
            " AND (acknowledged_on IS NULL) = (note_sealed IS NULL)",
            name="acknowledgement_complete",
        ),
        track_waits(WAITS),
    )

    note_sealed: Col[bytes | None] = Field(default=None)
    withdrawn_sealed: Col[bytes | None] = Field(default=None)


class RujukanPause(Table, table=True):
    """A pause of a rujukan by a sanggah that suspends.

    It lasts from the day of the event to the day of the refusal. Rows are append-only except for
    `resumed_on`.
    """

    __table_args__ = (
        sa.Index("ix_rujukan_pause_rujukan_id", "rujukan_id"),
        sa.CheckConstraint("resumed_on >= paused_on", name="range"),
    )

    sanggah_id: Col[UUID] = Field(primary_key=True)
    rujukan_id: Col[UUID] = Field(primary_key=True, foreign_key="rujukan.rujukan_id")
    paused_on: Col[date]
    resumed_on: Col[date | None] = Field(default=None)
