"""Data that a partner asked for, as they were supplied."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Len
from sqlmodel import Field

from services.referral.program.models import PayloadField
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.contracts.caseload_activity import VoidReason
from shared.database.tables import Col, Fields
from shared.field_classes import SPESIFIK
from shared.fields import Paragraph, RequestOnly, Sha256


class SupplyTerms(Fields):
    """What is supplied: the fields of the consent that it completes, words, and uploaded files.

    The files are sent with the words, together at most 1 MiB.
    """

    fields: Col[Annotated[list[PayloadField], Len(1, 7), RequestOnly(["usaha"]), sa.ARRAY(sa.Text)]]
    files: Col[Annotated[list[Sha256], Len(0, 10), RequestOnly()]] = Field(default_factory=list[str])


class SupplyFacts(SupplyTerms):
    """Data that were supplied to a partner, without their words. Voided ones are not sent."""

    notice_id: Col[UUID] = Field(primary_key=True, foreign_key="partner_notice.notice_id")
    supplied_on: Col[date]
    supplied_by: Col[str]
    voided_on: Col[date | None] = Field(default=None)
    voided_by: Col[str | None] = Field(default=None)
    void_reason: Col[VoidReason | None] = Field(default=None)


class SupplyView(SupplyFacts):
    """Data that were supplied to a partner.

    `text` is null after the end of the offer, when the words are deleted.
    """

    text: Annotated[str | None, SPESIFIK]


class DataSupply(SupplyFacts, Table, table=True):
    """Data that were supplied to a partner, and the notice that carries them.

    `content_sealed` has the words and the files. It is deleted with the identity of the family.
    """

    __table_args__ = (sa.Index("ix_data_supply_rujukan_program_id", "rujukan_program_id", "notice_id"),)

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    content_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class SupplyInput(SupplyTerms):
    """What is supplied to the partner, in words and files."""

    text: Paragraph
