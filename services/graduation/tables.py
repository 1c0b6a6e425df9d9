"""The base of graduation's tables, and the columns that many of them have."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from shared.database import COLUMN_TYPES, service_metadata


class Table(DeclarativeBase):
    """Everything that graduation owns, and its replicas."""

    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


# Area codes compare by bytes, so that row security can use ranges (architecture.md, the database).
Area = Annotated[str, mapped_column(sa.Text(collation="C"))]
At = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
Sha256 = Annotated[str, mapped_column(sa.String(64))]
Key = Annotated[UUID, mapped_column(sa.Uuid(), primary_key=True)]


def is_sha256(column: str) -> sa.CheckConstraint:
    """A CHECK that a column is a SHA-256 in lower-case hexadecimal."""
    return sa.CheckConstraint(f"{column} ~ '^[0-9a-f]{{64}}$'", name=f"{column}_form")
