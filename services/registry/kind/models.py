"""Versions of the kinds of pilar sosial, and conflicts between kinds (docs/domain.md#kinds-of-pendamping)."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StrictBool, StringConstraints
from sqlmodel import Field

from services.registry.tables import Table
from shared.contracts.kinds import Ditjen, PilarKind
from shared.database.tables import Authored, Col, Fields, no_overlap
from shared.fields import KNOWN, ONE_LINE, Day, RequestOnly


class PilarLevel(StrEnum):
    """The administrative level at which a kind works."""

    DESA = "DESA"
    KECAMATAN = "KECAMATAN"
    KABKOTA = "KABKOTA"
    PROV = "PROV"
    LEMBAGA = "LEMBAGA"


class HeldBy(StrEnum):
    """Whether persons, organisations (LEMBAGA) or both may be placed as a kind."""

    PERSON = "PERSON"
    LEMBAGA = "LEMBAGA"
    EITHER = "EITHER"


Text = Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=200)]


class PilarKindTerms(Fields):
    """The properties of a kind from a day on, and the source."""

    kind: Col[Annotated[PilarKind, KNOWN, RequestOnly("TKSK")]]
    name: Col[Annotated[Text, RequestOnly("Tenaga Kesejahteraan Sosial Kecamatan")]]
    ditjen: Col[Annotated[Ditjen, KNOWN, RequestOnly("DAYASOS")]]
    level: Col[Annotated[PilarLevel, RequestOnly("KECAMATAN")]]
    held_by: Col[Annotated[HeldBy, RequestOnly("PERSON")]]
    source: Col[Annotated[Text, RequestOnly("Permensos 28/2018")]]
    valid_from: Col[Day]


class PilarKindView(PilarKindTerms, Authored):
    """A version of a kind. `valid_to` is the first day after it.

    An ended version may name the kind that succeeds it.
    """

    pilar_kind_id: Col[UUID] = Field(primary_key=True)
    successor_kind: Col[PilarKind | None] = Field(default=None)
    valid_to: Col[date | None] = Field(default=None)
    version: Col[int]


class PilarKindVersion(PilarKindView, Table, table=True):
    """The ditjen, level and holders of a kind for a range of days.

    A version that was replaced or cancelled has an empty range.
    """

    __tablename__ = "pilar_kind"
    __table_args__ = (
        no_overlap("ex_pilar_kind_range", "kind"),
        sa.Index(None, "kind", "valid_from", "pilar_kind_id"),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        sa.CheckConstraint("successor_kind <> kind", "successor_differs"),
        sa.CheckConstraint("successor_kind IS NULL OR valid_to IS NOT NULL", "successor_needs_end"),
        sa.CheckConstraint("version >= 1", "version_positive"),
    )


class RoleConflictTerms(Fields):
    """A pair of kinds that is forbidden from a day on, with reasons and source."""

    kind: Col[Annotated[PilarKind, KNOWN, RequestOnly("TKSK")]]
    other_kind: Col[Annotated[PilarKind, KNOWN, RequestOnly("PUSKESOS_PETUGAS")]]
    paid_only: Col[Annotated[StrictBool, RequestOnly(True)]] = Field(description="Only if both are paid")
    reason_en: Col[Annotated[Text, RequestOnly("a TKSK holds no second paid post")]]
    reason_id: Col[Annotated[Text, RequestOnly("TKSK tidak boleh merangkap pekerjaan bergaji")]]
    source: Col[Annotated[Text, RequestOnly("Permensos 28/2018")]]
    valid_from: Col[Day]


class RoleConflictView(RoleConflictTerms, Authored):
    """A rule that forbids a pair of kinds. `valid_to` is the first day after it."""

    role_conflict_id: Col[UUID] = Field(primary_key=True)
    valid_to: Col[date | None] = Field(default=None)
    version: Col[int]


class RoleConflict(RoleConflictView, Table, table=True):
    """Two kinds that one person may not hold at the same time (docs/domain.md#kinds-of-pendamping).

    With `paid_only` the pair is forbidden only if both are paid.
    """

    __table_args__ = (
        sa.CheckConstraint("kind <> other_kind", "two_kinds"),
        sa.CheckConstraint("version >= 1", "version_positive"),
        sa.CheckConstraint("valid_to >= valid_from", "range_forward"),
        no_overlap("ex_role_conflict_range", "(LEAST(kind, other_kind))", "(GREATEST(kind, other_kind))"),
    )
