from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StrictBool, StringConstraints
from sqlmodel import Field

from services.caseload.tables import RECORDED, VERSION, Table
from shared.contracts.kinds import UsahaSector
from shared.database.tables import Col, Fields
from shared.fields import KNOWN, Day, RequestOnly, Rupiah


class UsahaFacts(Fields):
    """Attributes of a business. `omzet_rp` is the monthly turnover in rupiah."""

    sector: Col[Annotated[UsahaSector, KNOWN]]
    started_on: Col[Day]
    omzet_rp: Col[Annotated[Rupiah, RequestOnly(9_000_000)]]
    has_letter: Col[StrictBool]


class UsahaTerms(UsahaFacts):
    """Attributes of a business as of a day, with the NIB in clear text."""

    nib: Annotated[str, StringConstraints(pattern="^[0-9]{13}$"), RequestOnly("9120000000001")] | None = None
    as_of: Day


class UsahaRevised(UsahaFacts):
    """A revision of a business."""

    usaha_id: Col[UUID] = Field(primary_key=True)
    version: Col[int] = VERSION
    as_of: Col[date | None] = Field(default=None)


class UsahaRowView(UsahaRevised):
    """A business as it is now. The next revision needs its version (If-Match)."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    anggota_id: Col[UUID] = Field(foreign_key="kpm_anggota.anggota_id")


class Usaha(UsahaRowView, Table, table=True):
    """A member's business as it is now.

    The NIB is sealed with the owner's `nik_index`. `as_of` is the day to which the values refer, if given. Previous
    versions are in `usaha_history`.
    """

    __table_args__ = (
        sa.UniqueConstraint("anggota_id", name="uq_usaha_anggota_id"),
        sa.CheckConstraint("omzet_rp >= 0", "omzet_not_negative"),
    )

    nib_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED


class UsahaHistory(UsahaRevised, Table, table=True):
    """A previous version of a business."""

    usaha_id: Col[UUID] = Field(primary_key=True, foreign_key="usaha.usaha_id")
    version: Col[int] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    has_nib: Col[bool]
    recorded_at: Col[datetime]
    replaced_at: Col[datetime] = RECORDED
