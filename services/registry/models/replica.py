"""What graduation and caseload last told: read for scorecards, written by subscribers alone."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.table import Instant, Table
from shared.contracts.kinds import (
    DampinganPurpose,
    ExitReason,
    LimitSide,
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
