"""On what terms somebody serves, and where."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StringConstraints
from sqlmodel import Field

from services.registry.tables import Table
from shared.contracts.kinds import Ditjen, EmployerStatus, PilarKind
from shared.database.tables import Col, Fields, no_overlap
from shared.fields import KNOWN, Asked, Day, Wilayah

PAID = frozenset(
    {EmployerStatus.PPPK, EmployerStatus.PNS, EmployerStatus.PPPK_PARUH_WAKTU, EmployerStatus.KONTRAK}
)
"""Terms with pay, of which one may hold no two where `role_conflict` says so."""
SkNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Asked("1/SK/2025")
]


class Placing(StrEnum):
    """Which kind of thing a row of `range_history` is about."""

    PENUGASAN = "PENUGASAN"
    WILAYAH_TUGAS = "WILAYAH_TUGAS"
    PILAR_KIND = "PILAR_KIND"
    ROLE_CONFLICT = "ROLE_CONFLICT"


class PenugasanTerms(Fields):
    """By which SK somebody serves as what, from when; `valid_to` is the first day outside."""

    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id")
    kind: Col[Annotated[PilarKind, KNOWN, Asked("PKH_PENDAMPING")]]
    ditjen: Col[Annotated[Ditjen, KNOWN, Asked("LINJAMSOS")]]
    employer_status: Col[Annotated[EmployerStatus, KNOWN, Asked("PPPK")]]
    sk_no: Col[SkNumber]
    sk_on: Col[Day]
    valid_from: Col[Day]
    valid_to: Col[Day | None] = Field(default=None)
    supervisor_id: Col[UUID | None] = Field(default=None, foreign_key="pendamping.pendamping_id", index=True)


class PenugasanView(PenugasanTerms):
    """A placement; `valid_to` is the first day outside."""

    penugasan_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]


class Penugasan(PenugasanView, Table, table=True):
    """A pendamping serves as a kind, on terms, for a time. Nobody holds one kind twice at once."""

    __table_args__ = (
        no_overlap("ex_penugasan_range", "pendamping_id", "kind"),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("supervisor_id <> pendamping_id", "supervisor_another"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        sa.Index(None, "kind", "valid_from"),
    )


class WilayahTugasTerms(Fields):
    """Which area a placement covers, within its time; `valid_to` is the first day outside."""

    penugasan_id: Col[UUID] = Field(foreign_key="penugasan.penugasan_id")
    kode_wilayah: Col[Wilayah] = Field(index=True)
    valid_from: Col[Day]
    valid_to: Col[Day | None] = Field(default=None)


class WilayahTugasView(WilayahTugasTerms):
    """An area that a placement covers; `valid_to` is the first day outside."""

    wilayah_tugas_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id", index=True)
    version: Col[int]


class WilayahTugas(WilayahTugasView, Table, table=True):
    """A penugasan covers an area, of any level, within its own time."""

    __table_args__ = (
        no_overlap("ex_wilayah_tugas_range", "penugasan_id", "kode_wilayah"),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("version >= 1", "version_positive"),
    )


class RangeHeld(Fields):
    """A range that a placement or an area has had, with who recorded it and why."""

    thing: Col[Placing]
    thing_id: Col[UUID]
    number: Col[int]
    valid_from: Col[date]
    valid_to: Col[date | None]
    reason: Col[str]
    recorded_at: Col[datetime]
    recorded_by: Col[str]


class RangeHistory(RangeHeld, Table, table=True):
    """Past and present ranges of a placement, area, kind or conflict. Append-only."""

    __table_args__ = (sa.UniqueConstraint("thing_id", "number"),)

    range_history_id: Col[UUID] = Field(primary_key=True)
