"""The root of referral's tables: one metadata of its own."""

from sqlalchemy.orm import DeclarativeBase

from shared.database import COLUMN_TYPES, service_metadata


class Table(DeclarativeBase):
    """A table of referral."""

    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES
