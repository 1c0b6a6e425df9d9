"""The months after an exit: tasks for whoever accompanies the family then, as the case's policy asks."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.policy.models.policy import LAST_MONTH
from services.graduation.tables import Area, Key, Table
from shared.contracts.kinds import RelapseCause
from shared.database import text_enum

OPEN = sa.text("recorded_on IS NULL AND closed_on IS NULL")


class TaskKind(StrEnum):
    """A month of the monitoring, a follow-up after it, or a check because referral heard of a relapse."""

    BULANAN = "BULANAN"
    LANJUTAN = "LANJUTAN"
    LAPORAN = "LAPORAN"


class MonitoringTask(Table):
    """See the family in month n after the exit. Its holder is who holds the dampingan on the day (chain.md 1)."""

    __tablename__ = "monitoring_task"
    __table_args__ = (
        sa.CheckConstraint(f"month BETWEEN 1 AND {LAST_MONTH} AND opens_on < due_on", name="month_in_order"),
        sa.CheckConstraint("(recorded_on IS NULL) = (still_out IS NULL)", name="recorded_whole"),
        sa.CheckConstraint("still_out IS NULL OR still_out OR cause IS NOT NULL", name="cause_of_a_relapse"),
        sa.CheckConstraint("closed_on IS NULL OR recorded_on IS NULL", name="closed_or_recorded"),
        sa.CheckConstraint("NOT confirms_relapse OR still_out IS FALSE", name="relapse_was_seen"),
        # One task a month; one report at a time; one relapse a case.
        sa.Index(
            "uq_monitoring_task_graduasi_id_month",
            "graduasi_id",
            "month",
            unique=True,
            postgresql_where=sa.text("kind <> 'LAPORAN'"),
        ),
        sa.Index(
            "uq_monitoring_task_one_check",
            "graduasi_id",
            unique=True,
            postgresql_where=sa.text("kind = 'LAPORAN' AND recorded_on IS NULL AND closed_on IS NULL"),
        ),
        sa.Index(
            "uq_monitoring_task_one_relapse",
            "graduasi_id",
            unique=True,
            postgresql_where=sa.text("confirms_relapse"),
        ),
        sa.Index("ix_monitoring_task_due_on_task_id", "due_on", "task_id"),
        sa.Index("ix_monitoring_task_kpm_id", "kpm_id"),
        sa.Index("ix_monitoring_task_kode_wilayah", "kode_wilayah"),
        sa.Index("ix_monitoring_task_graduasi_id", "graduasi_id"),
        sa.Index("ix_monitoring_task_open", "due_on", "task_id", postgresql_where=OPEN),
        sa.Index("ix_monitoring_task_open_by_kpm", "kpm_id", postgresql_where=OPEN),
        sa.Index("ix_monitoring_task_open_in_area", "kode_wilayah", "kind", "due_on", postgresql_where=OPEN),
    )

    task_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    kind: Mapped[TaskKind] = mapped_column(text_enum(TaskKind))
    month: Mapped[int] = mapped_column(sa.Integer)
    opens_on: Mapped[date]
    due_on: Mapped[date]
    recorded_on: Mapped[date | None]
    # A task of an exit that was undone, or of a family that has fallen back, falls due no more.
    closed_on: Mapped[date | None]
    still_out: Mapped[bool | None]
    confirms_relapse: Mapped[bool] = mapped_column(server_default=sa.false())
    cause: Mapped[RelapseCause | None] = mapped_column(text_enum(RelapseCause))
    note: Mapped[str | None]
    pendamping_id: Mapped[UUID | None]
    penugasan_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(sa.Integer)
