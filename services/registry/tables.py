"""The base of registry's tables. Ranges are half open: `valid_to` is the first day outside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from shared.database import COLUMN_TYPES, service_metadata

Instant = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]


class Table(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that a text column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
