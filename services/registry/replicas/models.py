"""What graduation and caseload last told: read for scorecards, written by subscribers alone."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables import Instant, Table
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    ExitReason,
    LimitSide,
    RefusalCode,
    RujukanProgramState,
)
from shared.database import text_enum


class Credit(Table):
    """A graduation counted to a penugasan's year, as graduation last told."""

    __tablename__ = "credit"
    __table_args__ = (
        sa.Index("ix_credit_pendamping_id_year", "pendamping_id", "year"),
        sa.Index("ix_credit_penugasan_id_year", "penugasan_id", "year"),
        sa.Index("ix_credit_graduasi_id", "graduasi_id"),
        {"schema": "replica_credit"},
    )

    credit_id: Mapped[UUID] = mapped_column(primary_key=True)
    graduasi_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    year: Mapped[int]
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    rule_version: Mapped[int]
    reversed: Mapped[bool]
    reverse_reason: Mapped[str | None]


class Dampingan(Table):
    """One family under one pendamping, as caseload last told."""

    __tablename__ = "dampingan"
    __table_args__ = (
        sa.Index("ix_dampingan_penugasan_id", "penugasan_id"),
        sa.Index("ix_dampingan_kpm_id", "kpm_id"),
        {"schema": "replica_load"},
    )

    dampingan_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    purpose: Mapped[DampinganPurpose] = mapped_column(text_enum(DampinganPurpose, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Kunjungan(Table):
    """A home visit, as caseload last told."""

    __tablename__ = "kunjungan"
    __table_args__ = (
        sa.Index("ix_kunjungan_penugasan_id_on", "penugasan_id", "on"),
        {"schema": "replica_load"},
    )

    kunjungan_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    on: Mapped[date]


class LoadLimit(Table):
    """The last time that a caseload crossed its limit, and to which side, as caseload last told."""

    __tablename__ = "load_limit"
    __table_args__ = ({"schema": "replica_load"},)

    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    count: Mapped[int]
    limit: Mapped[int]
    side: Mapped[LimitSide] = mapped_column(text_enum(LimitSide, replica=True))


class LimitCrossing(Table):
    """Each time that a caseload crossed its limit, as caseload told; the event's own id keeps it once."""

    __tablename__ = "limit_crossing"
    __table_args__ = (
        sa.Index("ix_limit_crossing_pendamping_id_crossed_at", "pendamping_id", "crossed_at"),
        {"schema": "replica_load"},
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    count: Mapped[int]
    limit: Mapped[int]
    side: Mapped[LimitSide] = mapped_column(text_enum(LimitSide, replica=True))
    crossed_at: Mapped[Instant]


class P2k2(Table):
    """A family-capacity session with how many were invited and came, as caseload last told."""

    __tablename__ = "p2k2"
    __table_args__ = (
        sa.Index("ix_p2k2_penugasan_id_on", "penugasan_id", "on"),
        {"schema": "replica_load"},
    )

    p2k2_sesi_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    on: Mapped[date]
    invited: Mapped[int]
    attended: Mapped[int]


class Graduasi(Table):
    """A case that stands in an SK, and whether it took effect or was undone, as graduation last told."""

    __tablename__ = "graduasi"
    __table_args__ = (
        sa.Index("ix_graduasi_pendamping_id_sk_on", "pendamping_id", "sk_on"),
        sa.Index("ix_graduasi_kpm_id", "kpm_id"),
        {"schema": "replica_graduasi"},
    )

    graduasi_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    pendamping_id: Mapped[UUID | None]
    sk_on: Mapped[date | None]
    effective_on: Mapped[date | None]
    annulled_on: Mapped[date | None]


class Monitoring(Table):
    """What was seen of a graduate in a month after the exit, as graduation last told."""

    __tablename__ = "monitoring"
    __table_args__ = ({"schema": "replica_graduasi"},)

    graduasi_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    still_out: Mapped[bool]
    recorded_on: Mapped[date]


class Relapse(Table):
    """A graduate has fallen back, as graduation last told."""

    __tablename__ = "relapse"
    __table_args__ = ({"schema": "replica_graduasi"},)

    graduasi_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[int]
    confirmed_on: Mapped[date]


class Rujukan(Table):
    """A graduate's case with referral, as referral last told."""

    __tablename__ = "rujukan"
    __table_args__ = (
        sa.Index("ix_rujukan_graduasi_id", "graduasi_id"),
        {"schema": "replica_rujukan"},
    )

    rujukan_id: Mapped[UUID] = mapped_column(primary_key=True)
    graduasi_id: Mapped[UUID]


class RujukanProgram(Table):
    """One offer to one partner and how far it came, as referral last told; `answer` is the partner's last word."""

    __tablename__ = "rujukan_program"
    __table_args__ = (
        sa.Index("ix_rujukan_program_graduasi_id", "graduasi_id"),
        {"schema": "replica_rujukan"},
    )

    rujukan_program_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_id: Mapped[UUID]
    graduasi_id: Mapped[UUID]
    program_code: Mapped[str]
    sent_on: Mapped[date | None]
    answered_on: Mapped[date | None]
    answer: Mapped[RujukanProgramState | None] = mapped_column(text_enum(RujukanProgramState, replica=True))
    reason_code: Mapped[RefusalCode | None] = mapped_column(text_enum(RefusalCode, replica=True))
    delivered_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]


class Kpm(Table):
    """A family lives in an area, as caseload last told."""

    __tablename__ = "kpm"
    __table_args__ = (
        sa.Index("ix_kpm_kode_wilayah_kpm_id", "kode_wilayah", "kpm_id"),
        {"schema": "replica_coverage"},
    )

    kpm_id: Mapped[UUID] = mapped_column(primary_key=True)
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))


class Kepesertaan(Table):
    """A family's membership in a bansos for a time, as caseload last told; restored: as if it had never ended."""

    __tablename__ = "kepesertaan"
    __table_args__ = (
        sa.Index("ix_kepesertaan_kpm_id", "kpm_id"),
        sa.Index("ix_kepesertaan_kode_wilayah_valid_from", "kode_wilayah", "valid_from"),
        {"schema": "replica_coverage"},
    )

    kepesertaan_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    exit_reason: Mapped[ExitReason | None] = mapped_column(text_enum(ExitReason, replica=True))
    graduasi_id: Mapped[UUID | None]
