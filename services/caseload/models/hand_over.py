"""Families that change hands together, and the days on which nobody of PKH accompanies one."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.models.table import At, Kode, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import DampinganPurpose
from shared.database import text_enum


class HandOver(Table):
    """One order to hand the families of an area from a placement to another; the job does it, in steps.

    `limit_version` is the limit of the kind by which it was looked at when it was ordered.

    `on_date` is the receiver's first day. `open` until its job has ended, or it was withdrawn: the same order twice is one
    too many.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        sa.Index(
            "uq_hand_over_once",
            *("from_penugasan_id", "to_penugasan_id", "kode_wilayah", "on_date"),
            unique=True,
            postgresql_where=sa.text("open"),
        ),
        sa.CheckConstraint("from_penugasan_id <> to_penugasan_id", name="two_placements"),
    )

    hand_over_id: Mapped[Made]
    from_penugasan_id: Mapped[UUID]
    to_penugasan_id: Mapped[UUID]
    kode_wilayah: Mapped[Kode]
    on_date: Mapped[date]
    purpose: Mapped[DampinganPurpose | None] = mapped_column(text_enum(DampinganPurpose))
    reason: Mapped[str]
    override_reason: Mapped[str | None]
    families: Mapped[int]
    limit_version: Mapped[int | None]
    job_id: Mapped[UUID | None]
    open: Mapped[bool] = mapped_column(server_default=sa.true())
    asked_by: Mapped[str]
    asked_at: Mapped[At]
    recorded_at: Mapped[Recorded]


class HandOverWithdrawal(Table):
    """An order taken back before its day: by whom, when, why. Only ever added to, once an order."""

    __tablename__ = "hand_over_withdrawal"

    hand_over_id: Mapped[UUID] = mapped_column(sa.ForeignKey("hand_over.hand_over_id"), primary_key=True)
    reason: Mapped[str]
    withdrawn_by: Mapped[str]
    withdrawn_at: Mapped[At]
    recorded_at: Mapped[Recorded]


class GapCause(StrEnum):
    """Why nobody accompanies a family. PEMANTAUAN_SELESAI: it has left PKH, and nobody needs to.

    MASUK_PKH: it came, or came back, into PKH on a day on which nobody had it.
    """

    DAMPINGAN_DIAKHIRI = "DAMPINGAN_DIAKHIRI"
    PENUGASAN_BERAKHIR = "PENUGASAN_BERAKHIR"
    WILAYAH_TUGAS_BERAKHIR = "WILAYAH_TUGAS_BERAKHIR"
    PENDAMPING_TIDAK_AKTIF = "PENDAMPING_TIDAK_AKTIF"
    PEMANTAUAN_SELESAI = "PEMANTAUAN_SELESAI"
    BELUM_ADA = "BELUM_ADA"
    MASUK_PKH = "MASUK_PKH"


class DampinganGap(Table):
    """Days of a family between two PKH dampingan: from `since` up to, not including, `until`; open without one.

    `penugasan_id` had it last: a hand-over of that placement takes the family along. Of a gap that was filled from
    its first day on, `until` equals `since`.
    """

    __tablename__ = "dampingan_gap"
    __table_args__ = (
        ExcludeConstraint(
            ("kpm_id", "="),
            (sa.func.daterange(sa.literal_column("since"), sa.literal_column("until")), "&&"),
            name="ex_dampingan_gap_once_at_a_time",
        ),
        sa.CheckConstraint("until IS NULL OR until >= since", name="forward"),
        sa.Index(
            "ix_dampingan_gap_penugasan_id",
            *("penugasan_id", "kpm_id"),
            postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index("ix_dampingan_gap_open", "gap_id", postgresql_where=sa.text("until IS NULL")),
        sa.Index("ix_dampingan_gap_kpm_id", "kpm_id"),
    )

    gap_id: Mapped[Made]
    kpm_id: Mapped[KpmRef]
    since: Mapped[date]
    until: Mapped[date | None]
    cause: Mapped[GapCause] = mapped_column(text_enum(GapCause))
    penugasan_id: Mapped[UUID | None]
    purpose: Mapped[DampinganPurpose] = mapped_column(text_enum(DampinganPurpose))
    recorded_at: Mapped[Recorded]
