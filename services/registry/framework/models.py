"""What the ministry's framework asks for."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables import Instant, Table
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database import text_enum

SERVING = (PendampingStatus.CALON, PendampingStatus.AKTIF, PendampingStatus.CUTI, PendampingStatus.NONAKTIF)
"""Statuses in which a placement may run: all but the ends, which close it."""


class Target(Table):
    """What the framework asks of a person of a kind in a full year. The highest number holds; append-only.

    A day of a placement is a day in service where the status that held is one of `counted`: leave may count, or not.
    """

    __tablename__ = "target"
    __table_args__ = (
        sa.UniqueConstraint("year", "kind", "number"),
        sa.CheckConstraint("per_person BETWEEN 0 AND 10000", "per_person_in_range"),
        sa.CheckConstraint("year BETWEEN 2000 AND 2200", "year_in_range"),
        sa.CheckConstraint(
            f"cardinality(counted) > 0 AND counted <@ ARRAY{[one.value for one in SERVING]}", "counted_known"
        ),
    )

    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    number: Mapped[int]
    per_person: Mapped[int]
    counted: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    basis: Mapped[str]
    set_at: Mapped[Instant]
    set_by: Mapped[str]
