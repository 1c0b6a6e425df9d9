"""Ids by the thousand: the driver's own UUID class, made, compared and written four times as fast."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from asyncpg.pgproto import pgproto
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.orm import DeclarativeBase, mapped_column
from uuid_utils import uuid7 as made

from shared.database import COLUMN_TYPES, service_metadata

Dates = Annotated[Range[date], mapped_column(DATERANGE)]
"""From the first day up to, not including, the day that ends it; without an end it goes on."""
At = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
Recorded = Annotated[
    datetime, mapped_column(sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp())
]
Made = Annotated[UUID, mapped_column(sa.Uuid, primary_key=True)]
Kode = Annotated[str, mapped_column(sa.Text(collation="C"))]
KpmRef = Annotated[UUID, mapped_column(sa.Uuid, sa.ForeignKey("kpm.kpm_id"))]


class Table(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


def new_id() -> UUID:
    """Return a new id in order of time."""
    return pgproto.UUID(made().bytes)
