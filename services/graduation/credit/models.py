from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Table
from shared.contracts.kinds import ExitReason
from shared.database.tables import Col
from shared.fields import Wilayah


class Credit(Table, table=True):
    """The credit of a penugasan for a penetapan, in a year.

    A reversal keeps the row.
    """

    __table_args__ = (
        sa.UniqueConstraint("graduasi_id"),
        sa.CheckConstraint("reversed_on >= granted_on", name="reversed_after_granted"),
    )

    credit_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    year: Col[int]
    exit_reason: Col[ExitReason]
    rule_version: Col[int] = Field(foreign_key="credit_rule.version")
    granted_on: Col[date]
    reversed_on: Col[date | None] = Field(default=None)
