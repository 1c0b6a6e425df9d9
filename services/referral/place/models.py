"""How many families a program takes, where and when; who holds a place, and who waits for one and why."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database import text_enum


class WaitingReason(StrEnum):
    """Why a consented family has not gone to the partner, or waits there."""

    KUOTA_PENUH = "KUOTA_PENUH"
    TANPA_KUOTA = "TANPA_KUOTA"
    PENERIMAAN_TUTUP = "PENERIMAAN_TUTUP"
    DAFTAR_MITRA = "DAFTAR_MITRA"


class ProgramQuota(Table):
    """The places of a program (all its revisions) in an area at any level, "*" the country, in a time.

    `taken` and `waiting` are counted by the database itself, so that no caller can take a place that is not there.
    """

    __tablename__ = "program_quota"

    quota_id: Mapped[UUID] = mapped_column(primary_key=True)
    program_code: Mapped[str]
    kode_wilayah: Mapped[str]
    places: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    set_by: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (
        ExcludeConstraint(
            ("program_code", "="),
            ("kode_wilayah", "="),
            (sa.literal_column("daterange(valid_from, valid_to)"), "&&"),
            name="ex_program_quota_range",
        ),
        sa.CheckConstraint("taken BETWEEN 0 AND places", name="never_over_reserved"),
        sa.CheckConstraint("waiting >= 0", name="waiting_not_negative"),
        sa.CheckConstraint("valid_to > valid_from", name="some_day"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    @property
    def free(self) -> int:
        """How many places nobody holds."""
        return self.places - self.taken


class ProgramQuotaChange(Table):
    """How many places were set, by whom and when; append-only."""

    __tablename__ = "program_quota_change"

    quota_id: Mapped[UUID] = mapped_column(sa.ForeignKey("program_quota.quota_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    places: Mapped[int]
    valid_to: Mapped[date | None]
    set_by: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class QuotaPlace(Table):
    """A place that one rujukan program holds in one quota, and when and why it was given back."""

    __tablename__ = "quota_place"

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID))
    quota_id: Mapped[UUID] = mapped_column(sa.ForeignKey("program_quota.quota_id"))
    taken_on: Mapped[date]
    released_on: Mapped[date | None]
    released_as: Mapped[str | None]

    __table_args__ = (
        sa.Index(
            "uq_quota_place_held",
            "rujukan_program_id",
            "quota_id",
            unique=True,
            postgresql_where=sa.text("released_on IS NULL"),
        ),
        sa.Index("ix_quota_place_quota_id", "quota_id"),
        sa.CheckConstraint("(released_on IS NULL) = (released_as IS NULL)", name="release_whole"),
        sa.CheckConstraint("released_on >= taken_on", name="released_after"),
    )


class IntakeWindow(Table):
    """When a program takes applications: from `opens_on` to the day before `closes_on`. Without any, always."""

    __tablename__ = "intake_window"

    window_id: Mapped[UUID] = mapped_column(primary_key=True)
    program_code: Mapped[str]
    opens_on: Mapped[date]
    closes_on: Mapped[date | None]
    set_by: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (
        ExcludeConstraint(
            ("program_code", "="),
            (sa.literal_column("daterange(opens_on, closes_on)"), "&&"),
            name="ex_intake_window_range",
        ),
        sa.CheckConstraint("closes_on > opens_on", name="some_day"),
    )


class Waiting(Table):
    """One family in the waiting list of a program, in the order of `number`; the line stays when it leaves."""

    __tablename__ = "waiting"

    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID))
    program_code: Mapped[str]
    kode_wilayah: Mapped[str]
    reason: Mapped[WaitingReason] = mapped_column(text_enum(WaitingReason))
    quota_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("program_quota.quota_id"))
    since_on: Mapped[date]
    left_on: Mapped[date | None]
    left_as: Mapped[str | None]

    __table_args__ = (
        sa.Index(
            "uq_waiting_once", "rujukan_program_id", unique=True, postgresql_where=sa.text("left_on IS NULL")
        ),
        sa.Index("ix_waiting_order", "program_code", "number", postgresql_where=sa.text("left_on IS NULL")),
        sa.CheckConstraint("(left_on IS NULL) = (left_as IS NULL)", name="leaving_whole"),
        sa.CheckConstraint("left_on >= since_on", name="left_after"),
        sa.CheckConstraint("(quota_id IS NULL) = (reason <> 'KUOTA_PENUH')", name="quota_that_is_full"),
    )
