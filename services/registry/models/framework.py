"""What the ministry's framework asks for."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.table import Instant, Table
from shared.contracts.kinds import (
    PilarKind,
)
from shared.database import text_enum


class Target(Table):
    """What the framework asks of a person of a kind in a full year. The highest number holds; append-only."""

    __tablename__ = "target"
    __table_args__ = (
        sa.UniqueConstraint("year", "kind", "number"),
        sa.CheckConstraint("per_person BETWEEN 0 AND 10000", "per_person_in_range"),
        sa.CheckConstraint("year BETWEEN 2000 AND 2200", "year_in_range"),
    )

    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    number: Mapped[int]
    per_person: Mapped[int]
    basis: Mapped[str]
    set_at: Mapped[Instant]
    set_by: Mapped[str]
