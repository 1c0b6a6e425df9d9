"""How many families a program takes, where and when; who holds a place, and who waits for one and why."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, no_overlap


class WaitingReason(StrEnum):
    """Why a consented family has not gone to the partner, or waits there."""

    KUOTA_PENUH = "KUOTA_PENUH"
    TANPA_KUOTA = "TANPA_KUOTA"
    PENERIMAAN_TUTUP = "PENERIMAAN_TUTUP"
    DAFTAR_MITRA = "DAFTAR_MITRA"


class ProgramQuota(Table, table=True):
    """The places of a program (all its revisions) in an area at any level, "*" the country, in a time.

    `taken` and `waiting` are counted by the database itself, so that no caller can take a place that is not there.
    """

    __table_args__ = (
        no_overlap("ex_program_quota_range", "program_code", "kode_wilayah"),
        sa.CheckConstraint("taken BETWEEN 0 AND places", name="never_over_reserved"),
        sa.CheckConstraint("waiting >= 0", name="waiting_not_negative"),
        sa.CheckConstraint("valid_to > valid_from", name="some_day"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    quota_id: Col[UUID] = Field(primary_key=True)
    program_code: Col[str]
    kode_wilayah: Col[str]
    places: Col[int]
    taken: Col[int] = Field(default=0)
    waiting: Col[int] = Field(default=0)
    valid_from: Col[date]
    valid_to: Col[date | None] = Field(default=None)
    version: Col[int] = Field(default=1)
    set_by: Col[str]
    set_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})

    @property
    def free(self) -> int:
        """How many places nobody holds."""
        return self.places - self.taken


class ProgramQuotaChange(Table, table=True):
    """How many places were set, by whom and when; append-only."""

    quota_id: Col[UUID] = Field(primary_key=True, foreign_key="program_quota.quota_id")
    version: Col[int] = Field(primary_key=True)
    places: Col[int]
    valid_to: Col[date | None] = Field(default=None)
    set_by: Col[str]
    set_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class QuotaPlace(Table, table=True):
    """A place that one rujukan program holds in one quota, and when and why it was given back."""

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

    place_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    quota_id: Col[UUID] = Field(foreign_key="program_quota.quota_id")
    taken_on: Col[date]
    released_on: Col[date | None] = Field(default=None)
    released_as: Col[str | None] = Field(default=None)


class IntakeWindow(Table, table=True):
    """When a program takes applications: from `opens_on` to the day before `closes_on`. Without any, always."""

    __table_args__ = (
        no_overlap("ex_intake_window_range", "program_code", of="daterange(opens_on, closes_on)"),
        sa.CheckConstraint("closes_on > opens_on", name="some_day"),
    )

    window_id: Col[UUID] = Field(primary_key=True)
    program_code: Col[str]
    opens_on: Col[date]
    closes_on: Col[date | None] = Field(default=None)
    set_by: Col[str]
    set_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class Waiting(Table, table=True):
    """One family in the waiting list of a program, in the order of `number`; the line stays when it leaves."""

    __table_args__ = (
        sa.Index(
            "uq_waiting_once", "rujukan_program_id", unique=True, postgresql_where=sa.text("left_on IS NULL")
        ),
        sa.Index("ix_waiting_order", "program_code", "number", postgresql_where=sa.text("left_on IS NULL")),
        sa.CheckConstraint("(left_on IS NULL) = (left_as IS NULL)", name="leaving_whole"),
        sa.CheckConstraint("left_on >= since_on", name="left_after"),
        sa.CheckConstraint("(quota_id IS NULL) = (reason <> 'KUOTA_PENUH')", name="quota_that_is_full"),
    )

    number: Col[Annotated[int, sa.BigInteger()]] = Field(
        default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
    )
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    program_code: Col[str]
    kode_wilayah: Col[str]
    reason: Col[WaitingReason]
    quota_id: Col[UUID | None] = Field(default=None, foreign_key="program_quota.quota_id")
    since_on: Col[date]
    left_on: Col[date | None] = Field(default=None)
    left_as: Col[str | None] = Field(default=None)
