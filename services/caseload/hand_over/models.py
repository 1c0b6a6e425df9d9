"""Families that change hands together, and the days on which nobody of PKH accompanies one."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Kode, Made, Recorded, Table
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
