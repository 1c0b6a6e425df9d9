"""What partners answered."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.contracts.kinds import RefusalCode, RujukanProgramState
from shared.database.tables import Col
from shared.fields import Rupiah


class Answer(Table, table=True):
    """What a partner said, once per `answer_id` of its own; append-only. `reason_text_sealed` may name people."""

    __table_args__ = (sa.UniqueConstraint("rujukan_program_id", "partner_answer_id", name="uq_answer_once"),)

    answer_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    partner_answer_id: Col[str]
    digest: Col[bytes]
    status: Col[RujukanProgramState]
    reason_code: Col[RefusalCode | None] = Field(default=None)
    reason_text_sealed: Col[bytes | None] = Field(default=None)
    amount_rp: Col[Rupiah | None] = Field(default=None)
    answered_on: Col[date]
    changed: Col[bool]
    recorded_by: Col[str]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
