from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Table


class TahapCalendar(Table):
    """A payment stage: when it starts, and until when an exit still makes it (chain.md 3)."""

    __tablename__ = "tahap_calendar"
    __table_args__ = (
        sa.CheckConstraint("number BETWEEN 1 AND 12", name="number"),
        sa.CheckConstraint("cutoff_on < starts_on", name="cutoff_before_start"),
        sa.UniqueConstraint("starts_on", name="uq_tahap_calendar_starts_on"),
    )

    year: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    starts_on: Mapped[date]
    cutoff_on: Mapped[date]

    @property
    def tahap(self) -> str:
        """The tahap as events name it: `2026-3`."""
        return f"{self.year}-{self.number}"
