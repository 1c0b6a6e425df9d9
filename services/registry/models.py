"""Who accompanies, on what terms, where, and with which target. Ranges are half open: `valid_to` is the first day outside."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.contracts.kinds import (
    DampinganPurpose,
    Ditjen,
    EmployerStatus,
    ExitReason,
    LimitSide,
    PendampingStatus,
    PilarKind,
    SubjectKind,
)
from shared.database import COLUMN_TYPES, service_metadata, text_enum
from shared.errors import IllegalTransition

S = PendampingStatus
Instant = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]

ENDS = frozenset({S.MUTASI, S.PENSIUN, S.BERAKHIR_KONTRAK, S.DIBERHENTIKAN, S.MENINGGAL})
"""Statuses that nobody comes back from (domain.md 2.4)."""

TRANSITIONS: dict[PendampingStatus, frozenset[PendampingStatus]] = {
    S.CALON: frozenset({S.AKTIF, S.NONAKTIF, S.MENINGGAL}),
    S.AKTIF: frozenset({S.CUTI, S.NONAKTIF}) | ENDS,
    S.CUTI: frozenset({S.AKTIF, S.NONAKTIF}) | ENDS,
    S.NONAKTIF: frozenset({S.AKTIF}) | ENDS,
}
"""What a status may become; what is missing here is an end."""

ORGANISATIONS = frozenset({PilarKind.LKS, PilarKind.KARANG_TARUNA})
"""Kinds that an organisation may hold; LKS is held by nobody else (domain.md 2.2)."""

PAID = frozenset(
    {EmployerStatus.PPPK, EmployerStatus.PNS, EmployerStatus.PPPK_PARUH_WAKTU, EmployerStatus.KONTRAK}
)
"""Terms with pay, of which one may hold no two where `role_conflict` says so."""


class Placing(StrEnum):
    """Which kind of thing a row of `range_history` is about."""

    PENUGASAN = "PENUGASAN"
    WILAYAH_TUGAS = "WILAYAH_TUGAS"


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that a text column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


def legal_moves() -> str:
    """Return `TRANSITIONS` as the SQL condition behind the status history."""
    moves = [f"(previous = '{old}' AND {one_of('status', sorted(new))})" for old, new in TRANSITIONS.items()]
    return " OR ".join(["(previous IS NULL AND status = 'CALON')", *moves])


class Table(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class Pendamping(Table):
    """A person or an organisation that accompanies families. Its row is the lock for everything below it."""

    __tablename__ = "pendamping"
    __table_args__ = (
        sa.UniqueConstraint("pendamping_no"),
        sa.UniqueConstraint("nik_index"),
        sa.CheckConstraint("(subject = 'PERSON') = (nik_index IS NOT NULL)", "person_has_nik"),
        sa.CheckConstraint("(nik_index IS NULL) = (nik_sealed IS NULL)", "nik_is_whole"),
        sa.CheckConstraint("version >= 1", "version_positive"),
    )

    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_no: Mapped[str]
    subject: Mapped[SubjectKind] = mapped_column(text_enum(SubjectKind))
    nik_sealed: Mapped[bytes | None]
    nik_index: Mapped[bytes | None]
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus))
    status_from_on: Mapped[date]
    version: Mapped[int]
    registered_at: Mapped[Instant]
    registered_by: Mapped[str]

    def become(self, status: PendampingStatus) -> None:
        """Take a status; raise IllegalTransition where `TRANSITIONS` has no such move."""
        if status not in TRANSITIONS.get(self.status, ()):
            raise IllegalTransition(noun="pendamping", current=self.status.value, wanted=status.value)
        self.status = status
        self.version += 1


class StatusHistory(Table):
    """Every status that a pendamping has had, with who, when and why. Append-only."""

    __tablename__ = "pendamping_status_history"
    __table_args__ = (
        sa.UniqueConstraint("pendamping_id", "number"),
        sa.CheckConstraint(legal_moves(), "move_legal"),
    )

    status_history_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pendamping.pendamping_id"))
    number: Mapped[int]
    previous: Mapped[str | None]
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus))
    reason: Mapped[str]
    from_on: Mapped[date]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str]


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
    """Each range that a penugasan or a wilayah tugas has had, with who, when and why. Append-only."""

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


class RoleConflict(Table):
    """Two kinds that one person may not hold in the same time; `paid_only`: only if both are paid (domain.md 2.4)."""

    __tablename__ = "role_conflict"
    __table_args__ = (
        sa.CheckConstraint(one_of("other_kind", PilarKind.known()), "other_kind_known"),
        sa.CheckConstraint("kind <> other_kind", "two_kinds"),
        sa.CheckConstraint("valid_to > valid_from", "range_forward"),
        ExcludeConstraint(
            (sa.text("(LEAST(kind, other_kind))"), "="),
            (sa.text("(GREATEST(kind, other_kind))"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_role_conflict_range",
            using="gist",
        ),
    )

    role_conflict_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    other_kind: Mapped[str]
    paid_only: Mapped[bool]
    reason_en: Mapped[str]
    reason_id: Mapped[str]
    source: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Target(Table):
    """What the framework asks of a person of a kind in a full year. The highest number holds; append-only."""

    __tablename__ = "target"
    __table_args__ = (
        sa.UniqueConstraint("year", "kind", "number"),
        sa.CheckConstraint("per_person BETWEEN 0 AND 10000", "per_person_in_range"),
        sa.CheckConstraint("year BETWEEN 2000 AND 2200", "year_in_range"),
    )

    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind))
    number: Mapped[int]
    per_person: Mapped[int]
    basis: Mapped[str]
    set_at: Mapped[Instant]
    set_by: Mapped[str]


class Credit(Table):
    """A graduation counted to a penugasan's year, as graduation last told."""

    __tablename__ = "credit"
    __table_args__ = (
        sa.Index("ix_credit_pendamping_id_year", "pendamping_id", "year"),
        {"schema": "replica_credit"},
    )

    credit_id: Mapped[UUID] = mapped_column(primary_key=True)
    graduasi_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    year: Mapped[int]
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    kode_wilayah: Mapped[str]
    rule_version: Mapped[int]
    reversed: Mapped[bool]
    reverse_reason: Mapped[str | None]


class Dampingan(Table):
    """One family under one pendamping, as caseload last told."""

    __tablename__ = "dampingan"
    __table_args__ = (
        sa.Index("ix_dampingan_penugasan_id", "penugasan_id"),
        {"schema": "replica_load"},
    )

    dampingan_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
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
