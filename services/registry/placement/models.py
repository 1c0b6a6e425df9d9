"""Placements of pendamping, their areas, and the history of ranges."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import StringConstraints
from sqlmodel import Field
from typing_extensions import TypedDict

from services.registry.tables import Table
from shared.contracts.kinds import Ditjen, EmployerStatus, PilarKind
from shared.database.tables import OBJECT, Col, Fields, no_overlap
from shared.fields import KNOWN, ONE_LINE, Code, Day, RequestOnly, Wilayah

PAID = frozenset(
    {EmployerStatus.PPPK, EmployerStatus.PNS, EmployerStatus.PPPK_PARUH_WAKTU, EmployerStatus.KONTRAK}
)
"""Employer statuses with pay. A `paid_only` conflict applies if both placements have one of them."""
SkNumber = Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=100), RequestOnly("1/SK/2025")]


class RangeThing(StrEnum):
    """The type of the row whose range `range_history` records."""

    PENUGASAN = "PENUGASAN"
    WILAYAH_TUGAS = "WILAYAH_TUGAS"
    PILAR_KIND = "PILAR_KIND"
    ROLE_CONFLICT = "ROLE_CONFLICT"


class PenugasanTerms(Fields):
    """A placement of a pendamping as a kind, by an SK.

    `valid_to` is the first day after it.
    """

    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id")
    kind: Col[Annotated[PilarKind, KNOWN, RequestOnly("PKH_PENDAMPING")]]
    ditjen: Col[Annotated[Ditjen, KNOWN, RequestOnly("LINJAMSOS")]]
    employer_status: Col[Annotated[EmployerStatus, KNOWN, RequestOnly("PPPK")]]
    sk_no: Col[SkNumber]
    sk_on: Col[Day]
    valid_from: Col[Day]
    valid_to: Col[Day | None] = Field(default=None)
    supervisor_id: Col[UUID | None] = Field(default=None, foreign_key="pendamping.pendamping_id", index=True)


class PenugasanView(PenugasanTerms):
    """A placement. `valid_to` is the first day after it."""

    penugasan_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]


class Penugasan(PenugasanView, Table, table=True):
    """A placement of a pendamping as a kind for a range of days.

    Two placements of one pendamping as the same kind never overlap.
    """

    __table_args__ = (
        no_overlap("ex_penugasan_range", "pendamping_id", "kind"),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("supervisor_id <> pendamping_id", "supervisor_differs"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        sa.Index(None, "kind", "valid_from"),
    )


class PenugasanCorrectionTerms(Fields):
    """Terms of a placement that were recorded wrongly, and the reason as a code.

    A field that is not given does not change. A supervisor of null removes the supervisor.
    """

    ditjen: Annotated[Ditjen, KNOWN] | None = None
    employer_status: Annotated[EmployerStatus, KNOWN] | None = None
    sk_no: SkNumber | None = None
    sk_on: Day | None = None
    valid_from: Day | None = None
    supervisor_id: UUID | None = None
    reason: Code


class CorrectedTerms(TypedDict, total=False):
    """The values of the terms that a correction changed. The others are absent."""

    ditjen: Ditjen
    employer_status: EmployerStatus
    sk_no: str
    sk_on: date
    valid_from: date
    supervisor_id: UUID | None


if TYPE_CHECKING:
    CorrectedValues = dict[str, Any]
else:
    CorrectedValues = Annotated[CorrectedTerms, OBJECT]


class PenugasanCorrectionRecord(Fields):
    """A correction of a placement: the values before and after it, by whom and why."""

    number: Col[int]
    before: Col[CorrectedValues]
    after: Col[CorrectedValues]
    reason: Col[str]
    recorded_at: Col[datetime]
    recorded_by: Col[str]


class PenugasanCorrection(PenugasanCorrectionRecord, Table, table=True):
    """A correction of the terms of a placement. Append-only."""

    __table_args__ = (sa.UniqueConstraint("penugasan_id", "number"),)

    penugasan_correction_id: Col[UUID] = Field(primary_key=True)
    penugasan_id: Col[UUID] = Field(foreign_key="penugasan.penugasan_id")


class WilayahTugasTerms(Fields):
    """An area of a placement, within its range. `valid_to` is the first day after it."""

    penugasan_id: Col[UUID] = Field(foreign_key="penugasan.penugasan_id")
    kode_wilayah: Col[Wilayah] = Field(index=True)
    valid_from: Col[Day]
    valid_to: Col[Day | None] = Field(default=None)


class WilayahTugasView(WilayahTugasTerms):
    """An area of a placement. `valid_to` is the first day after it."""

    wilayah_tugas_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(foreign_key="pendamping.pendamping_id", index=True)
    version: Col[int]


class WilayahTugas(WilayahTugasView, Table, table=True):
    """An area, of any level, that a placement covers within its range."""

    __table_args__ = (
        no_overlap("ex_wilayah_tugas_range", "penugasan_id", "kode_wilayah"),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("version >= 1", "version_positive"),
    )


class RangeRecord(Fields):
    """A current or past range of a row, with who recorded it and why."""

    thing: Col[RangeThing]
    thing_id: Col[UUID]
    number: Col[int]
    valid_from: Col[date]
    valid_to: Col[date | None]
    reason: Col[str]
    recorded_at: Col[datetime]
    recorded_by: Col[str]


class RangeHistory(RangeRecord, Table, table=True):
    """Current and past ranges of placements, areas, kinds and conflicts. Append-only."""

    __table_args__ = (sa.UniqueConstraint("thing_id", "number"),)

    range_history_id: Col[UUID] = Field(primary_key=True)
