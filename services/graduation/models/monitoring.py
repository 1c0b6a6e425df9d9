"""The months after an exit: one task a month for whoever accompanies the family then."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.models.table import Area, Key, Table
from shared.database import text_enum


class RelapseCause(StrEnum):
    """Why a family has fallen back; coded, because it travels (chain.md 6)."""

    USAHA_TUTUP = "USAHA_TUTUP"
    KEHILANGAN_PEKERJAAN = "KEHILANGAN_PEKERJAAN"
    SAKIT = "SAKIT"
    KEMATIAN_PENCARI_NAFKAH = "KEMATIAN_PENCARI_NAFKAH"
    BENCANA = "BENCANA"
    LAINNYA = "LAINNYA"


class MonitoringTask(Table):
    """See the family in month n after the exit. Its holder is who holds the dampingan on the day (chain.md 1)."""

    __tablename__ = "monitoring_task"
    __table_args__ = (
        sa.UniqueConstraint("graduasi_id", "month", name="uq_monitoring_task_graduasi_id_month"),
        sa.CheckConstraint("month BETWEEN 1 AND 60 AND opens_on < due_on", name="month_in_order"),
        sa.CheckConstraint("(recorded_on IS NULL) = (still_out IS NULL)", name="recorded_whole"),
        sa.CheckConstraint("still_out IS NULL OR still_out OR cause IS NOT NULL", name="cause_of_a_relapse"),
        sa.CheckConstraint("closed_on IS NULL OR recorded_on IS NULL", name="closed_or_recorded"),
        sa.Index("ix_monitoring_task_due_on_task_id", "due_on", "task_id"),
    )

    task_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    month: Mapped[int] = mapped_column(sa.Integer)
    opens_on: Mapped[date]
    due_on: Mapped[date]
    recorded_on: Mapped[date | None]
    # A task of an exit that was undone falls due no more.
    closed_on: Mapped[date | None]
    still_out: Mapped[bool | None]
    cause: Mapped[RelapseCause | None] = mapped_column(text_enum(RelapseCause))
    note: Mapped[str | None]
    pendamping_id: Mapped[UUID | None]
    penugasan_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(sa.Integer)
