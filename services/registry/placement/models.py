"""On what terms somebody serves, and where."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables import Instant, Table
from shared.contracts.kinds import Ditjen, EmployerStatus, PilarKind
from shared.database import text_enum

PAID = frozenset(
    {EmployerStatus.PPPK, EmployerStatus.PNS, EmployerStatus.PPPK_PARUH_WAKTU, EmployerStatus.KONTRAK}
)
"""Terms with pay, of which one may hold no two where `role_conflict` says so."""


class Placing(StrEnum):
    """Which kind of thing a row of `range_history` is about."""

    PENUGASAN = "PENUGASAN"
    WILAYAH_TUGAS = "WILAYAH_TUGAS"
    PILAR_KIND = "PILAR_KIND"
    ROLE_CONFLICT = "ROLE_CONFLICT"


class Penugasan(Table):
    """A pendamping serves as a kind, on terms, for a time. Nobody holds one kind twice at once."""

    __tablename__ = "penugasan"
    __table_args__ = (
        ExcludeConstraint(
            (sa.column("pendamping_id"), "="),
            (sa.column("kind"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_penugasan_range",
            using="gist",
        ),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("supervisor_id <> pendamping_id", "supervisor_another"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        sa.Index("ix_penugasan_supervisor_id", "supervisor_id"),
        sa.Index("ix_penugasan_kind_valid_from", "kind", "valid_from"),
    )

    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pendamping.pendamping_id"))
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    ditjen: Mapped[Ditjen] = mapped_column(text_enum(Ditjen))
    employer_status: Mapped[EmployerStatus] = mapped_column(text_enum(EmployerStatus))
    sk_no: Mapped[str]
    sk_on: Mapped[date]
    supervisor_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("pendamping.pendamping_id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int]


class WilayahTugas(Table):
    """A penugasan covers an area, of any level, within its own time."""

    __tablename__ = "wilayah_tugas"
    __table_args__ = (
        ExcludeConstraint(
            (sa.column("penugasan_id"), "="),
            (sa.column("kode_wilayah"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_wilayah_tugas_range",
            using="gist",
        ),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        sa.Index("ix_wilayah_tugas_pendamping_id", "pendamping_id"),
        sa.Index("ix_wilayah_tugas_kode_wilayah", "kode_wilayah"),
    )

    wilayah_tugas_id: Mapped[UUID] = mapped_column(primary_key=True)
    penugasan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("penugasan.penugasan_id"))
    pendamping_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pendamping.pendamping_id"))
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int]


class RangeHistory(Table):
    """Each range that a penugasan, a wilayah tugas, a kind or a conflict has had, with who, when and why. Append-only."""

    __tablename__ = "range_history"
    __table_args__ = (sa.UniqueConstraint("thing_id", "number"),)

    range_history_id: Mapped[UUID] = mapped_column(primary_key=True)
    thing: Mapped[Placing] = mapped_column(text_enum(Placing))
    thing_id: Mapped[UUID]
    number: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str]
