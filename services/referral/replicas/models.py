"""Who serves, in what and where, as registry last told; filled by the subscription `pendamping`."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.tables import Table
from shared.contracts.kinds import DampinganPurpose, PendampingStatus, Sex, UsahaSector
from shared.database import Rupiah, text_enum

SCHEMA = {"schema": "replica_pendamping"}


class Pendamping(Table):
    """A pendamping's status from a date on, as registry last told: anything but AKTIF means no new acts."""

    __tablename__ = "pendamping"
    __table_args__ = SCHEMA

    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus, replica=True))


class Penugasan(Table):
    """In which range a pendamping serves, as registry last told; `valid_to` is the first day without."""

    __tablename__ = "penugasan"
    __table_args__: Any = (sa.Index("ix_penugasan_pendamping_id", "pendamping_id"), SCHEMA)

    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class WilayahTugas(Table):
    """Which area a placement covers, as registry last told; `valid_to` is the first day outside."""

    __tablename__ = "wilayah_tugas"
    __table_args__: Any = (sa.Index("ix_wilayah_tugas_pendamping_id", "pendamping_id"), SCHEMA)

    wilayah_tugas_id: Mapped[UUID] = mapped_column(primary_key=True)
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Kpm(Table):
    """A family, as caseload last told."""

    __tablename__ = "kpm"
    __table_args__ = (sa.Index("ix_kpm_area", "kode_wilayah", "kpm_id"), {"schema": "replica_kpm"})

    kpm_id: Mapped[UUID] = mapped_column(primary_key=True)
    kode_wilayah: Mapped[str]
    members: Mapped[int]
    able_productive: Mapped[int]
    lansia: Mapped[int]
    disabilitas: Mapped[int]
    komponen: Mapped[dict[str, int]] = mapped_column(JSONB)
    desil: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    pengurus_sex: Mapped[Sex | None] = mapped_column(text_enum(Sex, replica=True))
    pengurus_birth_year: Mapped[int | None]


class Usaha(Table):
    """A member's business, as caseload last told. Turnover in rupiah a month."""

    __tablename__ = "usaha"
    __table_args__ = ({"schema": "replica_kpm"},)

    usaha_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID] = mapped_column(index=True)
    owner_sex: Mapped[Sex] = mapped_column(text_enum(Sex, replica=True))
    owner_birth_year: Mapped[int]
    owner_married: Mapped[bool]
    sector: Mapped[UsahaSector] = mapped_column(text_enum(UsahaSector, replica=True))
    started_on: Mapped[date]
    omzet_rp: Mapped[Rupiah]
    has_nib: Mapped[bool]
    has_letter: Mapped[bool]


class Dampingan(Table):
    """Who accompanies a family, as caseload last told: a pendamping's rights follow it."""

    __tablename__ = "dampingan"
    __table_args__ = (
        sa.Index("ix_dampingan_pendamping_id", "pendamping_id", "kpm_id"),
        {"schema": "replica_kpm"},
    )

    dampingan_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID] = mapped_column(index=True)
    pendamping_id: Mapped[UUID]
    purpose: Mapped[DampinganPurpose] = mapped_column(text_enum(DampinganPurpose, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
