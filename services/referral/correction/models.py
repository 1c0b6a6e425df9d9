"""Corrections of answers, deliveries and outcomes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields
from shared.field_classes import PRIBADI


class CorrectionSubject(StrEnum):
    """What was corrected."""

    ANSWER = "ANSWER"
    DELIVERY = "DELIVERY"
    OUTCOME = "OUTCOME"


class CorrectionFacts(Fields):
    """A correction: the values before and after it, by whom and when."""

    correction_id: Col[UUID] = Field(primary_key=True)
    subject: Col[CorrectionSubject]
    before: Col[dict[str, Any]]
    after: Col[dict[str, Any]]
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
