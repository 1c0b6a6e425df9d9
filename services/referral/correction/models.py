"""Corrections of answers, deliveries and outcomes."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.contracts.rujukan_kinds import RefusalCode, RujukanProgramState
from shared.database.tables import OBJECT, Col, Fields
from shared.field_classes import PRIBADI, SPESIFIK


class CorrectionSubject(StrEnum):
    """What was corrected."""

    ANSWER = "ANSWER"
    DELIVERY = "DELIVERY"
    OUTCOME = "OUTCOME"


class AnswerValues(BaseModel):
    """An answer of a partner, as a correction keeps it."""

    status: RujukanProgramState
    reason_code: RefusalCode | None
    amount_rp: Annotated[int | None, SPESIFIK]
    answered_on: date


class DeliveryValues(BaseModel):
    """A delivery, as a correction keeps it.

    A void has the number of the delivery before, and no day after.
    """

    amount_rp: Annotated[int | None, SPESIFIK]
    delivered_on: date | None
    delivery_id: str | None = None


class OutcomeValues(BaseModel):
    """What was observed of a business in a month after the delivery.

    After a void it is empty.
    """

    month: int | None = None
    still_in_business: bool | None = None
    omzet_rp: Annotated[int | None, SPESIFIK] = None


if TYPE_CHECKING:
    CorrectedValues = dict[str, Any]
else:
    # Stored as JSON. `subject` says which of them it is.
    CorrectedValues = Annotated[AnswerValues | DeliveryValues | OutcomeValues, OBJECT]


class CorrectionFacts(Fields):
    """A correction: the values before and after it, by whom and when."""

    correction_id: Col[UUID] = Field(primary_key=True)
    subject: Col[CorrectionSubject]
    before: Col[CorrectedValues]
    after: Col[CorrectedValues]
    corrected_on: Col[date]
    by: Col[str]


class CorrectionView(CorrectionFacts):
    """A correction with its reason."""

    reason: Annotated[str, PRIBADI]


class Correction(CorrectionFacts, Table, table=True):
    """A correction of an answer, a delivery or an outcome. `reason_sealed` may name people.

    Rows are append-only.
    """

    __table_args__ = (sa.Index("ix_correction_rujukan_program_id", "rujukan_program_id", "correction_id"),)

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    reason_sealed: Col[bytes]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
