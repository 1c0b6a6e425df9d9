from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import Dates, Kode, KpmRef, Made, Recorded, Table
from shared.database import text_enum


class KunjunganPurpose(StrEnum):
    """What a home visit is for."""

    PENDAMPINGAN = "PENDAMPINGAN"
    VERIFIKASI = "VERIFIKASI"
    ASESMEN = "ASESMEN"
    PEMANTAUAN = "PEMANTAUAN"
    KASUS = "KASUS"


class Kunjungan(Table):
    """A home visit as handed in; what was found is sealed for its own id."""

    __tablename__ = "kunjungan"
    __table_args__ = (
        sa.UniqueConstraint(
            "kpm_id", "pendamping_id", "visited_on", "purpose", name="uq_kunjungan_once_a_day"
        ),
        sa.Index("ix_kunjungan_pendamping_id", "pendamping_id", "kunjungan_id"),
    )

    kunjungan_id: Mapped[Made]
    kpm_id: Mapped[KpmRef]
    dampingan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("dampingan.dampingan_id"))
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    purpose: Mapped[KunjunganPurpose] = mapped_column(text_enum(KunjunganPurpose))
    visited_on: Mapped[date]
    findings_sealed: Mapped[bytes]
    next_action_sealed: Mapped[bytes | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[Recorded]


class P2k2Modul(Table):
    """A module and its name in a time: wording differs between handbooks, so that it is data (domain.md 3.3)."""

    __tablename__ = "p2k2_modul"
    __table_args__ = (
        ExcludeConstraint(("module", "="), ("valid", "&&"), name="ex_p2k2_modul_one_at_a_time"),
        sa.CheckConstraint("module > 0", name="numbered"),
    )

    p2k2_modul_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    module: Mapped[int] = mapped_column(sa.SmallInteger)
    name: Mapped[str]
    valid: Mapped[Dates]
    source: Mapped[str]


class P2k2Materi(Table):
    """A session of a module and its name in a time."""

    __tablename__ = "p2k2_materi"
    __table_args__ = (
        ExcludeConstraint(
            ("module", "="), ("session", "="), ("valid", "&&"), name="ex_p2k2_materi_one_at_a_time"
        ),
        sa.CheckConstraint("module > 0 AND session > 0", name="numbered"),
    )

    p2k2_materi_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    module: Mapped[int] = mapped_column(sa.SmallInteger)
    session: Mapped[int] = mapped_column(sa.SmallInteger)
    name: Mapped[str]
    valid: Mapped[Dates]


class Presence(StrEnum):
    """How a family answered the invitation; HADIR alone counts as attended."""

    HADIR = "HADIR"
    IZIN = "IZIN"
    SAKIT = "SAKIT"
    ALPA = "ALPA"


class P2k2Sesi(Table):
    """A session as it was held by a pendamping for a group of his families; its author may always read it."""

    __tablename__ = "p2k2_sesi"
    __table_args__ = (
        sa.UniqueConstraint(
            *("penugasan_id", "held_on", "kelompok", "module", "session"), name="uq_p2k2_sesi_once_a_day"
        ),
        sa.Index("ix_p2k2_sesi_pendamping_id", "pendamping_id", "p2k2_sesi_id"),
        sa.CheckConstraint("0 <= attended AND attended <= invited AND invited > 0", name="counted"),
    )

    p2k2_sesi_id: Mapped[Made]
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    kode_wilayah: Mapped[Kode]
    held_on: Mapped[date]
    module: Mapped[int] = mapped_column(sa.SmallInteger)
    session: Mapped[int] = mapped_column(sa.SmallInteger)
    p2k2_materi_id: Mapped[int] = mapped_column(sa.ForeignKey("p2k2_materi.p2k2_materi_id"))
    kelompok: Mapped[str]
    invited: Mapped[int] = mapped_column(sa.SmallInteger)
    attended: Mapped[int] = mapped_column(sa.SmallInteger)
    recorded_by: Mapped[str]
    recorded_at: Mapped[Recorded]


class P2k2Kehadiran(Table):
    """One family's answer to one session."""

    __tablename__ = "p2k2_kehadiran"
    __table_args__ = (sa.Index("ix_p2k2_kehadiran_kpm_id", "kpm_id"),)

    p2k2_sesi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("p2k2_sesi.p2k2_sesi_id"), primary_key=True)
    kpm_id: Mapped[KpmRef] = mapped_column(primary_key=True)
    presence: Mapped[Presence] = mapped_column(text_enum(Presence))
