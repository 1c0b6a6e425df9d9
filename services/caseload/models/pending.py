"""Memberships that wait for their own decision, because the family leaves another bansos (chain.md 1)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.models.table import KpmRef, Made, Recorded, Table
from shared.database import text_enum


class PendingOutcome(StrEnum):
    """STAYS: an official decided that the membership goes on. MOOT: nothing is left to decide.

    That is so where the exit was undone, the family came back, or the membership ended by a case of its own.
    """

    STAYS = "STAYS"
    MOOT = "MOOT"


class KepesertaanPending(Table):
    """An exit from another bansos asks whether this membership stays; open without an outcome, answered once.

    No foreign key to the case: it is graduation's. Why it stays is sealed for its own id.
    """

    __tablename__ = "kepesertaan_pending"
    __table_args__ = (
        sa.UniqueConstraint("kepesertaan_id", "graduasi_id", name="uq_kepesertaan_pending_once"),
        sa.Index("ix_kepesertaan_pending_open", "pending_id", postgresql_where=sa.text("outcome IS NULL")),
        sa.CheckConstraint("(outcome IS NULL) = (decided_on IS NULL)", name="answered_whole"),
        sa.CheckConstraint(
            "coalesce(outcome = 'STAYS', false) = (decided_by IS NOT NULL)", name="stays_by_somebody"
        ),
    )

    pending_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    kepesertaan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kepesertaan.kepesertaan_id"))
    graduasi_id: Mapped[UUID]
    since: Mapped[date]
    outcome: Mapped[PendingOutcome | None] = mapped_column(text_enum(PendingOutcome))
    decided_by: Mapped[str | None]
    decided_on: Mapped[date | None]
    reason_sealed: Mapped[bytes | None]
    recorded_at: Mapped[Recorded]
