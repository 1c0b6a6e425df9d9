"""Answers of partners."""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
import sqlalchemy as sa
from pydantic import StringConstraints
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID, PARTNER_ANSWERS
from services.referral.tables import Table
from shared.contracts.rujukan_kinds import RefusalCode, RujukanProgramState
from shared.database.tables import Col, Fields
from shared.field_classes import SPESIFIK
from shared.fields import KNOWN, Day, Known, RequestOnly, Rupiah, Sentence

OwnId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"), RequestOnly("KUR-2026-000123-1")
]


class AnswerTerms(Fields):
    """A partner's answer. Amount in rupiah."""

    answer_id: Col[OwnId]
    status: Col[Annotated[RujukanProgramState, Known(*PARTNER_ANSWERS), RequestOnly("DISETUJUI")]]
    reason_code: Col[Annotated[RefusalCode, KNOWN] | None] = Field(
        default=None, schema_extra={"examples": [None]}
    )
    amount_rp: Col[Annotated[Rupiah | None, SPESIFIK]] = Field(default=None)
    answered_on: Col[Annotated[Day, RequestOnly("2026-07-10")]]


class AnswerInput(AnswerTerms):
    """A partner's answer under its own id. Amount in rupiah.

    The same id again is the same answer.
    """

    reason_text: Sentence | None = Field(default=None, schema_extra={"examples": [None]})

    def digest(self) -> bytes:
        """Return a hash that distinguishes two answers under one id, without storing the text."""
        fields = [self.status, self.reason_code, self.reason_text, self.amount_rp, self.answered_on]
        return hashlib.sha256(orjson.dumps(fields)).digest()


class PartnerAnswerFacts(AnswerTerms):
    """A partner's answer as it was given.

    `changed`: it changed the offer. `late`: it came after the offer had expired or was withdrawn. `corrects_id`: the
    answer that it replaces.
    """

    partner_answer_id: Col[UUID] = Field(primary_key=True)
    changed: Col[bool]
    late: Col[bool] = Field(default=False)
    corrects_id: Col[UUID | None] = Field(default=None, foreign_key="partner_answer.partner_answer_id")
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class PartnerAnswerView(PartnerAnswerFacts):
    """A partner's answer as it was given, with its words."""

    reason_text: Annotated[str | None, SPESIFIK]


class PartnerAnswer(PartnerAnswerFacts, Table, table=True):
    """A partner's answer, one row for each of its own ids. `reason_text_sealed` may name people.

    Rows are append-only.
    """

    __table_args__ = (sa.UniqueConstraint("rujukan_program_id", "answer_id", name="uq_partner_answer_once"),)

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    digest: Col[bytes]
    reason_text_sealed: Col[bytes | None]
    recorded_by: Col[str]
