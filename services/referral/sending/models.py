"""Each call to a partner."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.notice.models import Notice
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database import text_enum


class Attempt(Table):
    """One try to tell a partner, append-only: which fields (never their values), and what came of it."""

    __tablename__ = "attempt"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID))
    notice: Mapped[Notice] = mapped_column(text_enum(Notice))
    fields: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    http_status: Mapped[int | None]
    fault: Mapped[str | None]
    milliseconds: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (sa.Index("ix_attempt_of", "rujukan_program_id", "attempt_id"),)
