"""Yearly targets of the ministry's framework."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.registry.tables import Table
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database.tables import Authored, Col, Fields
from shared.fields import KNOWN, ONE_LINE, Known, RequestOnly

SERVING_STATUSES = (
    PendampingStatus.CALON,
    PendampingStatus.AKTIF,
    PendampingStatus.CUTI,
    PendampingStatus.NONAKTIF,
)
"""Statuses in which a placement may run. The final statuses end it."""
ServingStatus = Annotated[PendampingStatus, Known(*SERVING_STATUSES)]
Text = Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=200)]


EARLIEST_YEAR, LATEST_YEAR = 2000, 2200
PER_PERSON_MAX = 10_000


class TargetTerms(Fields):
    """The families that a person of a kind must graduate in a full year."""

    year: Col[Annotated[StrictInt, Interval(ge=EARLIEST_YEAR, le=LATEST_YEAR), RequestOnly(2026)]]
    kind: Col[Annotated[PilarKind, KNOWN, RequestOnly("PKH_PENDAMPING")]]
    per_person: Col[Annotated[StrictInt, Interval(ge=0, le=PER_PERSON_MAX), RequestOnly(10)]]
    counted: Col[
        Annotated[list[ServingStatus], Len(1, len(SERVING_STATUSES)), RequestOnly(["AKTIF", "CUTI"])]
    ] = Field(
        default=[PendampingStatus.AKTIF],
        description="A day of a placement counts if the status on that day is one of these",
    )
    basis: Col[Annotated[Text, RequestOnly("Kerangka kerja 2026")]]


class TargetView(TargetTerms, Authored):
    """A target of a kind and year. `number` counts its versions from 1."""

    target_id: Col[UUID] = Field(primary_key=True)
    number: Col[int]


class Target(TargetView, Table, table=True):
    """A version of the target of a kind and year. Append-only.

    The highest number applies. A day of a placement is a day in service if the status on that day is one of
    `counted`, so leave counts only if the target says so.
    """

    __table_args__ = (
        sa.UniqueConstraint("year", "kind", "number"),
        sa.CheckConstraint(f"per_person BETWEEN 0 AND {PER_PERSON_MAX}", "per_person_in_range"),
        sa.CheckConstraint(f"year BETWEEN {EARLIEST_YEAR} AND {LATEST_YEAR}", "year_in_range"),
        sa.CheckConstraint(
            f"cardinality(counted) > 0 AND counted <@ ARRAY{[status.value for status in SERVING_STATUSES]}",
            "counted_known",
        ),
    )
