"""Quotas and intake windows of programs, places held, and waiting lists."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Authored, Col, Fields, no_overlap
from shared.deadlines import END, CoveredBy, Waits, track_waits
from shared.fields import Day, RequestOnly, Wilayah


class WaitingReason(StrEnum):
    """Why a consented family was not sent to the partner, or waits there."""

    KUOTA_PENUH = "KUOTA_PENUH"
    TANPA_KUOTA = "TANPA_KUOTA"
    PENERIMAAN_TUTUP = "PENERIMAAN_TUTUP"
    DAFTAR_MITRA = "DAFTAR_MITRA"


National = Annotated[str, StringConstraints(pattern=r"^\*$"), RequestOnly("*")]


class QuotaTerms(Fields):
    """Places for an area at any level. "*" is the country.

    They are in force until the day before `valid_to`.
    """

    kode_wilayah: Col[Annotated[Wilayah | National, sa.Text(collation="C")]]
    places: Col[Annotated[StrictInt, Interval(ge=0, le=100_000_000), RequestOnly(120)]]
    valid_from: Col[Annotated[Day, RequestOnly("2026-01-01")]]
    valid_to: Col[Annotated[Day | None, RequestOnly("2027-01-01")]] = Field(default=None)


class QuotaFacts(QuotaTerms, Authored):
    """The places of an area: set and taken.

    `waiting` is the number of families that wait because it is full.
    """

    quota_id: Col[UUID] = Field(primary_key=True)
    program_code: Col[str]
    taken: Col[int]
    waiting: Col[int]
    version: Col[int]


class QuotaView(QuotaFacts):
    """The places of an area: set, taken and free.

    A voided quota has an empty range. `waiting` is the number of families that wait because it is full.
    """

    free: int


class ProgramQuota(QuotaFacts, Table, table=True):
    """The places of a program, in all its revisions, in an area and a time.

    The area is at any level; "*" is the country. Triggers of the database count `taken` and `waiting`, and
    a CHECK refuses more places than there are.
    """

    __table_args__ = (
        no_overlap("ex_program_quota_range", "program_code", "kode_wilayah"),
        sa.CheckConstraint("taken BETWEEN 0 AND places", name="taken_within_places"),
        sa.CheckConstraint("waiting >= 0", name="waiting_not_negative"),
        sa.CheckConstraint("valid_to >= valid_from", name="range"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    @property
    def is_voided(self) -> bool:
        """Whether its range is empty."""
        return self.valid_to == self.valid_from

    @property
    def free(self) -> int:
        """How many places are free."""
        return self.places - self.taken


class ProgramQuotaChange(Authored, Table, table=True):
    """How many places were set, by whom and when. Rows are append-only."""

    quota_id: Col[UUID] = Field(primary_key=True, foreign_key="program_quota.quota_id")
    version: Col[int] = Field(primary_key=True)
    places: Col[int]
    valid_to: Col[date | None] = Field(default=None)


class QuotaPlace(Table, table=True):
    """A place that one rujukan program holds in one quota, and its release."""

    __table_args__ = (
        sa.Index(
            "uq_quota_place_held",
            "rujukan_program_id",
            "quota_id",
            unique=True,
            postgresql_where=sa.text("released_on IS NULL"),
        ),
        sa.Index("ix_quota_place_quota_id", "quota_id"),
        sa.CheckConstraint("(released_on IS NULL) = (released_as IS NULL)", name="release_complete"),
        sa.CheckConstraint("released_on >= taken_on", name="released_after"),
        track_waits(Waits({"HELD": END}, state="'HELD'")),
    )

    place_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    quota_id: Col[UUID] = Field(foreign_key="program_quota.quota_id")
    taken_on: Col[date]
    released_on: Col[date | None] = Field(default=None)
    released_as: Col[str | None] = Field(default=None)


class IntakeTerms(Fields):
    """When applications are taken: until the day before `closes_on`.

    Without `closes_on`, until further notice.
    """

    opens_on: Col[Annotated[Day, RequestOnly("2026-06-01")]]
    closes_on: Col[Annotated[Day | None, RequestOnly("2026-07-01")]] = Field(default=None)


class IntakeWindowView(IntakeTerms, Authored):
    """A window of intake. A voided one closes on the day on which it opens."""

    window_id: Col[UUID] = Field(primary_key=True)
    program_code: Col[str]


class IntakeWindow(IntakeWindowView, Table, table=True):
    """When a program takes applications: from `opens_on` until the day before `closes_on`.

    A program without windows always takes applications.
    """

    __table_args__ = (
        no_overlap("ex_intake_window_range", "program_code", of="daterange(opens_on, closes_on)"),
        sa.CheckConstraint("closes_on >= opens_on", name="range"),
    )


class WaitingListItem(Fields):
    """One family on the waiting list, in the order of `number`."""

    number: Col[Annotated[int, sa.BigInteger()]] = Field(
        default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
    )
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
    kode_wilayah: Col[str]
    reason: Col[WaitingReason]
    quota_id: Col[UUID | None] = Field(default=None, foreign_key="program_quota.quota_id")
    since_on: Col[date]


class WaitingListEntry(WaitingListItem, Table, table=True):
    """One family on the waiting list of a program, in the order of `number`.

    The row is not deleted when the family leaves the list.
    """

    __table_args__ = (
        sa.Index(
            "uq_waiting_list_entry_once",
            "rujukan_program_id",
            unique=True,
            postgresql_where=sa.text("left_on IS NULL"),
        ),
        sa.Index(
            "ix_waiting_list_entry_order",
            "program_code",
            "number",
            postgresql_where=sa.text("left_on IS NULL"),
        ),
        sa.CheckConstraint("(left_on IS NULL) = (left_as IS NULL)", name="leaving_complete"),
        sa.CheckConstraint("left_on >= since_on", name="left_after"),
        sa.CheckConstraint("(quota_id IS NULL) = (reason <> 'KUOTA_PENUH')", name="quota_only_when_full"),
        track_waits(Waits({"OPEN": CoveredBy("rujukan_program")}, state="'OPEN'")),
    )

    program_code: Col[str]
    left_on: Col[date | None] = Field(default=None)
    left_as: Col[str | None] = Field(default=None)
