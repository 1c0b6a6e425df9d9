"""Each call to a partner."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.notice.models import Notice
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields


class AttemptItem(Fields):
    """One try to tell the partner: which fields it carried, and what came of it.

    The fault SealBroken: what was to be said cannot be read here; nobody was called, and the operator must see to it.
    """

    attempt_id: Col[UUID] = Field(primary_key=True)
    notice: Col[Notice]
    fields: Col[list[str]]
    http_status: Col[int | None]
    fault: Col[str | None]
    milliseconds: Col[int]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class Attempt(AttemptItem, Table, table=True):
    """One try to tell a partner, append-only: which fields (never their values), and what came of it."""

    __table_args__ = (sa.Index("ix_attempt_of", "rujukan_program_id", "attempt_id"),)

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
