from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Col


class SeparationRule(Table, table=True):
    """For how many months nobody decides on a family that they accompanied.

    Written by migrations. The latest row that has begun holds.
    """

    __table_args__ = (sa.CheckConstraint("months >= 0", name="months_not_negative"),)

    valid_from: Col[date] = Field(primary_key=True)
    months: Col[int]
