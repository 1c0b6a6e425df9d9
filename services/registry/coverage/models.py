"""Stored coverage counts, and the query that counts families by area from the replicas."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.registry.replicas.models import Dampingan, Kepesertaan, Kpm
from services.registry.tables import Table
from shared.contracts.kinds import DampinganPurpose
from shared.database.tables import Col, Fields
from shared.deadlines import Until, Waits, track_waits
from shared.fields import Wilayah
from shared.validity import valid_on


class CoverageCount(Table, table=True):
    """A count of the whole country on one day.

    An unfinished count is not shown to anybody.
    """

    __table_args__ = (
        sa.Index(None, "counted_on", "finished_at"),
        track_waits(
            Waits(
                {"OPEN": Until("counted_on")}, state="'OPEN'", since="counted_on", rows="finished_at IS NULL"
            )
        ),
    )

    count_id: Col[UUID] = Field(primary_key=True)
    counted_on: Col[date]
    requested_at: Col[datetime]
    requested_by: Col[str]
    finished_at: Col[datetime | None] = Field(default=None)


class AreaCounts(Fields):
    """Numbers of families in an area.

    `families`: all known families. `accompanied`: with a pendamping. `members`: in a bansos.
    `unaccompanied`: in a bansos but without a pendamping.
    """

    families: Col[int]
    accompanied: Col[int]
    members: Col[int]
    unaccompanied: Col[int]


class CoverageFigure(AreaCounts, Table, table=True):
    """The result of a count for one kecamatan. Append-only."""

    __table_args__ = (
        sa.CheckConstraint("accompanied BETWEEN 0 AND families", "accompanied_in_range"),
        sa.CheckConstraint("members BETWEEN 0 AND families", "members_in_range"),
        sa.CheckConstraint("unaccompanied BETWEEN 0 AND members", "unaccompanied_in_range"),
    )

    count_id: Col[UUID] = Field(primary_key=True, foreign_key="coverage_count.count_id")
    kode_wilayah: Col[Wilayah] = Field(primary_key=True)


COUNT_COLUMNS = tuple(AreaCounts.model_fields)


def select_counts_by_area(code_length: int, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Return a select of `kode_wilayah` and `COUNT_COLUMNS` on one day.

    `code_length` is the number of characters of the area codes to group by. Callers narrow the select by
    `Kpm.kode_wilayah`.
    """

    def holding(table: type[Dampingan] | type[Kepesertaan]) -> sa.Select[Any]:
        return sa.select(sa.true().label("yes")).where(
            table.kpm_id == Kpm.kpm_id, valid_on(table.valid_from, table.valid_to, on)
        )

    pendampingan = holding(Dampingan).where(Dampingan.purpose == DampinganPurpose.PENDAMPINGAN)
    # A lateral join looks up each family by its id. It never scans the dampingan or kepesertaan tables.
    dampingan = pendampingan.limit(1).lateral("dampingan")
    kepesertaan = holding(Kepesertaan).limit(1).lateral("kepesertaan")
    area = sa.func.left(Kpm.kode_wilayah, sa.literal_column(str(code_length))).label("kode_wilayah")
    unaccompanied = sa.and_(dampingan.c.yes.is_(None), kepesertaan.c.yes)
    counts = (
        sa.func.count().label("families"),
        sa.func.count(dampingan.c.yes).label("accompanied"),
        sa.func.count(kepesertaan.c.yes).label("members"),
        sa.func.count().filter(unaccompanied).label("unaccompanied"),
    )
    joined = (
        sa.select(area, *counts)
        .select_from(Kpm)
        .outerjoin(dampingan, sa.true())
        .outerjoin(kepesertaan, sa.true())
    )
    return joined.group_by(area).order_by(area)
