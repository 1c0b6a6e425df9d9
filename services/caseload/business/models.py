from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import BeforeValidator, StrictBool, StringConstraints
from sqlmodel import Field

from services.caseload.tables import FROM_HTTP, RECORDED, VERSION, Ranged, Small, Source, Table
from shared.contracts.kinds import UsahaEndReason, UsahaSector
from shared.database.tables import Col, Fields, no_overlap
from shared.field_classes import SPESIFIK
from shared.fields import KNOWN, ONE_LINE, Day, RequestOnly, Rupiah
from shared.text import drop_separators

Nib = Annotated[
    str,
    ONE_LINE,
    BeforeValidator(lambda text: drop_separators(text) if isinstance(text, str) else text),
    StringConstraints(pattern="^[0-9]{13}$"),
    RequestOnly("9120000000001"),
]
"""A Nomor Induk Berusaha of 13 digits. Single blanks, dots or hyphens between digits are dropped."""


class UsahaFacts(Fields):
    """Attributes of a business. `omzet_rp` is the monthly turnover in rupiah."""

    sector: Col[Annotated[UsahaSector, KNOWN]]
    started_on: Col[Day]
    omzet_rp: Col[Annotated[Rupiah, RequestOnly(9_000_000), SPESIFIK]]
    has_letter: Col[StrictBool]


class UsahaTerms(UsahaFacts):
    """Attributes of a business as of a day, with the NIB in clear text."""

    nib: Nib | None = None
    as_of: Day


class UsahaRevised(UsahaFacts):
    """A revision of a business. It counts for nothing from `ended_on` on."""

    usaha_id: Col[UUID] = Field(primary_key=True)
    version: Col[int] = VERSION
    as_of: Col[date | None] = Field(default=None)
    ended_on: Col[date | None] = Field(default=None)
    end_reason: Col[UsahaEndReason | None] = Field(default=None)


class UsahaRowView(UsahaRevised):
    """A business as it is now. The next revision needs its version (If-Match)."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    anggota_id: Col[UUID] = Field(foreign_key="kpm_anggota.anggota_id")
    continues: Col[UUID | None] = Field(default=None, foreign_key="usaha.usaha_id")


class Usaha(UsahaRowView, Table, table=True):
    """A member's business as it is now. A member has one that has not ended.

    The NIB is sealed with the owner's `nik_index`. `as_of` is the day to which the values refer, if given. Previous
    versions are in `usaha_history`. `continues` is the ended business of another member that was transferred to this
    one.
    """

    __table_args__ = (
        sa.Index(
            "uq_usaha_anggota_id", "anggota_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")
        ),
        sa.Index("ix_usaha_anggota_id", "anggota_id"),
        sa.UniqueConstraint("continues", name="uq_usaha_continues"),
        sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", "end_has_reason"),
        sa.CheckConstraint("omzet_rp >= 0", "omzet_not_negative"),
    )

    source: Col[Source] = FROM_HTTP
    nib_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED


class UsahaRule(Ranged, Table, table=True):
    """Days within which the business of a dead or departed owner can be transferred.

    Policy as data.
    """

    __table_args__ = (
        no_overlap("ex_usaha_rule_one_at_a_time", of="valid"),
        sa.CheckConstraint("transfer_days > 0", "some_days"),
    )

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    transfer_days: Col[Small]
    source: Col[str]


class UsahaHistory(UsahaRevised, Table, table=True):
    """A previous version of a business."""

    usaha_id: Col[UUID] = Field(primary_key=True, foreign_key="usaha.usaha_id")
    version: Col[int] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    has_nib: Col[bool]
    recorded_at: Col[datetime]
    replaced_at: Col[datetime] = RECORDED
