"""Each call to a partner."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.notice.models import Notice
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col


class Attempt(Table, table=True):
    """One try to tell a partner, append-only: which fields (never their values), and what came of it."""

    __table_args__ = (sa.Index("ix_attempt_of", "rujukan_program_id", "attempt_id"),)

    attempt_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    notice: Col[Notice]
    fields: Col[list[str]]
    http_status: Col[int | None] = Field(default=None)
    fault: Col[str | None] = Field(default=None)
    milliseconds: Col[int]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
