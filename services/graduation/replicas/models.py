"""What registry, caseload and referral last told. Written by replica subscriptions alone; no foreign key points here."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, Key, Table
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    ExitReason,
    PendampingStatus,
    PilarKind,
    RujukanProgramState,
)
from shared.database import Rupiah, text_enum

KPM = {"schema": "replica_kpm"}
PENDAMPING = {"schema": "replica_pendamping"}


class Kpm(Table):
    """A family's facts, as caseload last told."""

    __tablename__ = "kpm"
    __table_args__ = KPM

    kpm_id: Mapped[Key]
    kode_wilayah: Mapped[Area]
    members: Mapped[int] = mapped_column(sa.Integer)
    able_productive: Mapped[int] = mapped_column(sa.Integer)
    lansia: Mapped[int] = mapped_column(sa.Integer)
    disabilitas: Mapped[int] = mapped_column(sa.Integer)
    komponen: Mapped[dict[str, int]] = mapped_column(JSONB)
    last_komponen_ends_on: Mapped[date | None]
    desil: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    p2k2_invited: Mapped[int] = mapped_column(sa.Integer)
    p2k2_attended: Mapped[int] = mapped_column(sa.Integer)


class Usaha(Table):
    """A family's business, as caseload last told. Turnover in rupiah a month."""

    __tablename__ = "usaha"
    __table_args__: Any = (sa.Index("ix_usaha_kpm_id", "kpm_id"), KPM)

    usaha_id: Mapped[Key]
    kpm_id: Mapped[UUID]
    started_on: Mapped[date]
    omzet_rp: Mapped[Rupiah]
    has_nib: Mapped[bool]
    has_letter: Mapped[bool]


class Kepesertaan(Table):
    """A membership in a bansos, as caseload last told; `valid_to` is the first day without."""

    __tablename__ = "kepesertaan"
    __table_args__: Any = (sa.Index("ix_kepesertaan_kpm_id", "kpm_id"), KPM)

    kepesertaan_id: Mapped[Key]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    exit_reason: Mapped[ExitReason | None] = mapped_column(text_enum(ExitReason, replica=True))
    graduasi_id: Mapped[UUID | None]


class Dampingan(Table):
    """Who accompanies a family, as caseload last told; `valid_to` is the first day without."""

    __tablename__ = "dampingan"
    __table_args__: Any = (
        sa.Index("ix_dampingan_kpm_id_pendamping_id", "kpm_id", "pendamping_id"),
        sa.Index("ix_dampingan_pendamping_id", "pendamping_id"),
        KPM,
    )

    dampingan_id: Mapped[Key]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    purpose: Mapped[DampinganPurpose] = mapped_column(text_enum(DampinganPurpose, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Pendamping(Table):
    """A pendamping's status, as registry last told."""

    __tablename__ = "pendamping"
    __table_args__ = PENDAMPING

    pendamping_id: Mapped[Key]
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus, replica=True))
    from_on: Mapped[date]


class Penugasan(Table):
    """In what kind and range a pendamping serves, as registry last told."""

    __tablename__ = "penugasan"
    __table_args__: Any = (sa.Index("ix_penugasan_pendamping_id", "pendamping_id"), PENDAMPING)

    penugasan_id: Mapped[Key]
    pendamping_id: Mapped[UUID]
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class WilayahTugas(Table):
    """Which area a placement covers, as registry last told."""

    __tablename__ = "wilayah_tugas"
    __table_args__: Any = (sa.Index("ix_wilayah_tugas_penugasan_id", "penugasan_id"), PENDAMPING)

    wilayah_tugas_id: Mapped[Key]
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Rujukan(Table):
    """The rujukan that referral opened for a graduate, as referral told."""

    __tablename__ = "rujukan"
    __table_args__: Any = (sa.Index("ix_rujukan_graduasi_id", "graduasi_id"), {"schema": "replica_rujukan"})

    rujukan_id: Mapped[Key]
    graduasi_id: Mapped[UUID]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]


class RujukanProgram(Table):
    """What was offered to a graduate and came of it, as referral last told. Money in rupiah."""

    __tablename__ = "rujukan_program"
    __table_args__: Any = (
        sa.Index("ix_rujukan_program_graduasi_id", "graduasi_id"),
        {"schema": "replica_rujukan"},
    )

    rujukan_program_id: Mapped[Key]
    graduasi_id: Mapped[UUID]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    program_code: Mapped[str]
    status: Mapped[RujukanProgramState] = mapped_column(text_enum(RujukanProgramState, replica=True))
    sent_on: Mapped[date | None]
    answered_on: Mapped[date | None]
    answer: Mapped[str | None] = mapped_column(sa.String(40))
    delivered_on: Mapped[date | None]
    amount_rp: Mapped[Rupiah | None]
    withdrawn_on: Mapped[date | None]
