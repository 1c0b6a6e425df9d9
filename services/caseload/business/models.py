from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import UsahaSector
from shared.database import text_enum


class Usaha(Table):
    """A member's business as it is now; monthly turnover in rupiah. The NIB is sealed for the owner's `nik_index`.

    `as_of` is the day of which it is true, where somebody said so; what it was before is in `usaha_past`.
    """

    __tablename__ = "usaha"
    __table_args__ = (
        sa.UniqueConstraint("anggota_id", name="uq_usaha_anggota_id"),
        sa.CheckConstraint("omzet_rp >= 0", name="omzet_not_negative"),
    )

    usaha_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    anggota_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kpm_anggota.anggota_id"))
    sector: Mapped[UsahaSector] = mapped_column(text_enum(UsahaSector))
    started_on: Mapped[date]
    omzet_rp: Mapped[int] = mapped_column(sa.BigInteger)
    nib_sealed: Mapped[bytes | None]
    has_letter: Mapped[bool]
    as_of: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default="1")
    recorded_at: Mapped[Recorded]


class UsahaPast(Table):
    """A business as it was, up to the revision that replaced it."""

    __tablename__ = "usaha_past"

    usaha_id: Mapped[UUID] = mapped_column(sa.ForeignKey("usaha.usaha_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    sector: Mapped[UsahaSector] = mapped_column(text_enum(UsahaSector))
    started_on: Mapped[date]
    omzet_rp: Mapped[int] = mapped_column(sa.BigInteger)
    has_nib: Mapped[bool]
    has_letter: Mapped[bool]
    as_of: Mapped[date | None]
    recorded_at: Mapped[At]
    replaced_at: Mapped[Recorded]
