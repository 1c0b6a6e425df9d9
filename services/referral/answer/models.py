"""What partners answered."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.contracts.kinds import RefusalCode, RujukanProgramState
from shared.database import Rupiah, text_enum


class Answer(Table):
    """What a partner said, once per `answer_id` of its own; append-only. `reason_text_sealed` may name people."""

    __tablename__ = "answer"

    answer_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID))
    partner_answer_id: Mapped[str]
    digest: Mapped[bytes]
    status: Mapped[RujukanProgramState] = mapped_column(text_enum(RujukanProgramState))
    reason_code: Mapped[RefusalCode | None] = mapped_column(text_enum(RefusalCode))
    reason_text_sealed: Mapped[bytes | None]
    amount_rp: Mapped[Rupiah | None]
    answered_on: Mapped[date]
    changed: Mapped[bool]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (sa.UniqueConstraint("rujukan_program_id", "partner_answer_id", name="uq_answer_once"),)
