"""Stored coverage counts, and the query that counts families by area from the replicas."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.registry.replicas.models import Dampingan, Graduasi, Kepesertaan, Kpm, MonitoringEnd, Sanggah
from services.registry.tables import Table
from shared.contracts.kinds import Bansos, PilarKind, SanggahOutcome
from shared.database.tables import Col, Fields
from shared.deadlines import Until, Waits, track_waits
from shared.fields import Wilayah
from shared.validity import not_ended_by, valid_on


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

    `families`: all known families that have not ended. `accompanied`: with a PKH pendamping. `members`: in a bansos.
    `to_accompany`: in PKH, or monitored after an exit. `unaccompanied`: of these, without a PKH pendamping.
    """

    families: Col[int]
    accompanied: Col[int]
    members: Col[int]
    to_accompany: Col[int]
    unaccompanied: Col[int]


class CoverageFigure(AreaCounts, Table, table=True):
    """The result of a count for one kecamatan. Append-only."""

    __table_args__ = (
        sa.CheckConstraint("accompanied BETWEEN 0 AND families", "accompanied_in_range"),
        sa.CheckConstraint("members BETWEEN 0 AND families", "members_in_range"),
        sa.CheckConstraint("to_accompany BETWEEN 0 AND families", "to_accompany_in_range"),
        sa.CheckConstraint("unaccompanied BETWEEN 0 AND to_accompany", "unaccompanied_in_range"),
    )

    count_id: Col[UUID] = Field(primary_key=True, foreign_key="coverage_count.count_id")
    kode_wilayah: Col[Wilayah] = Field(primary_key=True)


COUNT_COLUMNS = tuple(AreaCounts.model_fields)


# OFFSET 0 prevents PostgreSQL from hashing the objections of the whole country.
END_IS_HELD = (
    sa.select(sa.true())
    .where(
        Sanggah.graduasi_id == Kepesertaan.graduasi_id,
        Sanggah.suspends,
        sa.func.coalesce(Sanggah.outcome == SanggahOutcome.DITERIMA, sa.true()),
    )
    .correlate(Kepesertaan)
    .offset(sa.literal_column("0"))
    .exists()
)
"""Condition that an objection, open or accepted, holds the end of a membership."""


def select_counts_by_area(code_length: int, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Return a select of `kode_wilayah` and `COUNT_COLUMNS` on one day.

    `code_length` is the number of characters of the area codes to group by. Callers narrow the select by
    `Kpm.kode_wilayah`.
    """
    covers = valid_on(Dampingan.valid_from, Dampingan.valid_to, on)
    is_pkh = Dampingan.kind == PilarKind.PKH_PENDAMPING
    is_member = valid_on(Kepesertaan.valid_from, Kepesertaan.valid_to, on)
    # A lateral join looks up each family by its id. It never scans the dampingan or kepesertaan tables.
    dampingan = select_one_row(Dampingan, covers, is_pkh).lateral("dampingan")
    kepesertaan = select_one_row(Kepesertaan, is_member).lateral("kepesertaan")
    needed = select_need(on).lateral("needed")
    area = sa.func.left(Kpm.kode_wilayah, sa.literal_column(str(code_length))).label("kode_wilayah")
    counts = (
        sa.func.count().label("families"),
        sa.func.count(dampingan.c.yes).label("accompanied"),
        sa.func.count(kepesertaan.c.yes).label("members"),
        sa.func.count(needed.c.yes).label("to_accompany"),
        sa.func.count(needed.c.yes).filter(dampingan.c.yes.is_(None)).label("unaccompanied"),
    )
    joined = sa.select(area, *counts).select_from(Kpm)
    for part in (dampingan, kepesertaan, needed):
        joined = joined.outerjoin(part, sa.true())
    return joined.where(Kpm.ended_on.is_(None)).group_by(area).order_by(area)


def select_one_row(table: Any, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return a select with one row if the family has a row of the table."""
    yes = sa.select(sa.true().label("yes")).select_from(table)
    return yes.where(table.kpm_id == Kpm.kpm_id, *conditions).limit(1).correlate(Kpm)


def select_need(on: date) -> sa.Select[Any]:
    """Return a select with one row if a PKH pendamping is to accompany the family.

    On that day it is in PKH, or monitored after an exit (docs/case-lifecycle.md#unaccompanied-families).
    """
    row = Kepesertaan
    in_pkh = sa.and_(row.bansos == Bansos.PKH, sa.or_(not_ended_by(row.valid_to, on), END_IS_HELD))
    monitored = sa.and_(
        row.valid_to <= on,
        Graduasi.effective_on.is_not(None),
        Graduasi.monitoring_months.is_distinct_from(0),
        sa.func.coalesce(MonitoringEnd.ended_on >= on, sa.true()),
    )
    return (
        select_one_row(row, row.valid_from <= on, sa.or_(in_pkh, monitored))
        .outerjoin(Graduasi, Graduasi.graduasi_id == row.graduasi_id)
        .outerjoin(MonitoringEnd, MonitoringEnd.graduasi_id == row.graduasi_id)
    )
