"""Attempts to call a partner."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.notice.models import Notice
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields


class DeliveryAttemptItem(Fields):
    """One attempt to notify the partner: which fields it carried, and its result.

    It is stored before the call. Without a status and a fault its result is not known, because the process that called
    has stopped. `fields` is empty if the call did not leave. The fault SealBroken: the content cannot be read here. No
    call was made, and the operator must act.
    """

    attempt_id: Col[UUID] = Field(primary_key=True)
    notice: Col[Notice]
    fields: Col[list[str]]
    http_status: Col[int | None]
    fault: Col[str | None]
    milliseconds: Col[int]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class DeliveryAttempt(DeliveryAttemptItem, Table, table=True):
    """One attempt to notify a partner. Fields are stored by name, never their values.

    Rows are append-only except for the result.
    """

    __table_args__ = (sa.Index("ix_delivery_attempt_rujukan_program_id", "rujukan_program_id", "attempt_id"),)

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
