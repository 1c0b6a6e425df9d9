from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, VERSION, Table
from shared.contracts.kinds import UsahaSector
from shared.database.tables import Col


class Usaha(Table, table=True):
    """A member's business as it is now; monthly turnover in rupiah. The NIB is sealed for the owner's `nik_index`.

    `as_of` is the day of which it is true, where somebody said so; what it was before is in `usaha_past`.
    """

    __table_args__ = (
        sa.UniqueConstraint("anggota_id", name="uq_usaha_anggota_id"),
        sa.CheckConstraint("omzet_rp >= 0", "omzet_not_negative"),
    )

    usaha_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    anggota_id: Col[UUID] = Field(foreign_key="kpm_anggota.anggota_id")
    sector: Col[UsahaSector]
    started_on: Col[date]
    omzet_rp: Col[Annotated[int, sa.BigInteger()]]
    nib_sealed: Col[bytes | None] = Field(default=None)
    has_letter: Col[bool]
    as_of: Col[date | None] = Field(default=None)
    version: Col[int] = VERSION
    recorded_at: Col[datetime] = RECORDED


class UsahaPast(Table, table=True):
    """A business as it was, up to the revision that replaced it."""

    usaha_id: Col[UUID] = Field(primary_key=True, foreign_key="usaha.usaha_id")
    version: Col[int] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    sector: Col[UsahaSector]
    started_on: Col[date]
    omzet_rp: Col[Annotated[int, sa.BigInteger()]]
    has_nib: Col[bool]
    has_letter: Col[bool]
    as_of: Col[date | None] = Field(default=None)
    recorded_at: Col[datetime]
    replaced_at: Col[datetime] = RECORDED
