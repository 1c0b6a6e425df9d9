from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, Dates, Small, Table
from shared.database.tables import Col, no_overlap
from shared.fields import Wilayah


class KunjunganPurpose(StrEnum):
    """What a home visit is for."""

    PENDAMPINGAN = "PENDAMPINGAN"
    VERIFIKASI = "VERIFIKASI"
    ASESMEN = "ASESMEN"
    PEMANTAUAN = "PEMANTAUAN"
    KASUS = "KASUS"


class Kunjungan(Table, table=True):
    """A home visit as handed in; what was found is sealed for its own id."""

    __table_args__ = (
        sa.UniqueConstraint(
            "kpm_id", "pendamping_id", "visited_on", "purpose", name="uq_kunjungan_once_a_day"
        ),
        sa.Index("ix_kunjungan_pendamping_id", "pendamping_id", "kunjungan_id"),
    )

    kunjungan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    dampingan_id: Col[UUID] = Field(foreign_key="dampingan.dampingan_id")
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    purpose: Col[KunjunganPurpose]
    visited_on: Col[date]
    findings_sealed: Col[bytes]
    next_action_sealed: Col[bytes | None] = Field(default=None)
    recorded_by: Col[str]
    recorded_at: Col[datetime] = RECORDED


class P2k2Modul(Table, table=True):
    """A module and its name in a time: wording differs between handbooks, so that it is data (domain.md 3.3)."""

    __table_args__ = (
        no_overlap("ex_p2k2_modul_one_at_a_time", "module", of="valid"),
        sa.CheckConstraint("module > 0", "numbered"),
    )

    p2k2_modul_id: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    module: Col[Small]
    name: Col[str]
    valid: Col[Dates]
    source: Col[str]


class P2k2Materi(Table, table=True):
    """A session of a module and its name in a time."""

    __table_args__ = (
        no_overlap("ex_p2k2_materi_one_at_a_time", "module", "session", of="valid"),
        sa.CheckConstraint("module > 0 AND session > 0", "numbered"),
    )

    p2k2_materi_id: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    module: Col[Small]
    session: Col[Small]
    name: Col[str]
    valid: Col[Dates]


class Presence(StrEnum):
    """How a family answered the invitation; HADIR alone counts as attended."""

    HADIR = "HADIR"
    IZIN = "IZIN"
    SAKIT = "SAKIT"
    ALPA = "ALPA"


class P2k2Sesi(Table, table=True):
    """A session as it was held by a pendamping for a group of his families; its author may always read it."""

    __table_args__ = (
        sa.UniqueConstraint(
            *("penugasan_id", "held_on", "kelompok", "module", "session"), name="uq_p2k2_sesi_once_a_day"
        ),
        sa.Index("ix_p2k2_sesi_pendamping_id", "pendamping_id", "p2k2_sesi_id"),
        sa.CheckConstraint("0 <= attended AND attended <= invited AND invited > 0", "counted"),
    )

    p2k2_sesi_id: Col[UUID] = Field(primary_key=True)
    penugasan_id: Col[UUID]
    pendamping_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    held_on: Col[date]
    module: Col[Small]
    session: Col[Small]
    p2k2_materi_id: Col[int] = Field(foreign_key="p2k2_materi.p2k2_materi_id")
    kelompok: Col[str]
    invited: Col[Small]
    attended: Col[Small]
    recorded_by: Col[str]
    recorded_at: Col[datetime] = RECORDED


class P2k2Kehadiran(Table, table=True):
    """One family's answer to one session."""

    __table_args__ = (sa.Index("ix_p2k2_kehadiran_kpm_id", "kpm_id"),)

    p2k2_sesi_id: Col[UUID] = Field(primary_key=True, foreign_key="p2k2_sesi.p2k2_sesi_id")
    kpm_id: Col[UUID] = Field(primary_key=True, foreign_key="kpm.kpm_id")
    presence: Col[Presence]
