"""Families and their memberships as caseload last told: counted by area, never listed; and the counts that are kept."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.registry.replicas.models import Dampingan, Kepesertaan, Kpm
from services.registry.tables import Table
from shared.contracts.kinds import DampinganPurpose
from shared.database.tables import Col, Fields
from shared.fields import Wilayah
from shared.validity import holds_on


class CoverageCount(Table, table=True):
    """A count of the whole country as it stood on a day. One that is not finished is shown to nobody; append-only."""

    __table_args__ = (sa.Index(None, "counted_on", "finished_at"),)

    count_id: Col[UUID] = Field(primary_key=True)
    counted_on: Col[date]
    asked_at: Col[datetime]
    asked_by: Col[str]
    finished_at: Col[datetime | None] = Field(default=None)


class Counted(Fields):
    """Families known, with a pendamping, in a bansos, and in one without a pendamping."""

    families: Col[int]
    accompanied: Col[int]
    members: Col[int]
    unaccompanied: Col[int]


class CoverageFigure(Counted, Table, table=True):
    """What a count found in one kecamatan."""

    __table_args__ = (
        sa.CheckConstraint("accompanied BETWEEN 0 AND families", "accompanied_in_range"),
        sa.CheckConstraint("members BETWEEN 0 AND families", "members_in_range"),
        sa.CheckConstraint("unaccompanied BETWEEN 0 AND members", "unaccompanied_in_range"),
    )

    count_id: Col[UUID] = Field(primary_key=True, foreign_key="coverage_count.count_id")
    kode_wilayah: Col[Wilayah] = Field(primary_key=True)


COUNTED = tuple(Counted.model_fields)


def counted_by_area(length: int, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Return the select of `COUNTED` by code of `length` signs on a day; narrow it by `Kpm.kode_wilayah`.

    Families known, those with a pendamping, those in a bansos, and those in one without a pendamping. Each family's
    dampingan and memberships are found by its id: a lateral join never reads the whole tables.
    """

    def holds(table: type[Dampingan] | type[Kepesertaan]) -> sa.Select[Any]:
        return sa.select(sa.true().label("yes")).where(
            table.kpm_id == Kpm.kpm_id, holds_on(table.valid_from, table.valid_to, on)
        )

    weighs = holds(Dampingan).where(Dampingan.purpose == DampinganPurpose.PENDAMPINGAN)
    held, member = weighs.limit(1).lateral("held"), holds(Kepesertaan).limit(1).lateral("member")
    area = sa.func.left(Kpm.kode_wilayah, sa.literal_column(str(length))).label("kode_wilayah")
    alone = sa.and_(held.c.yes.is_(None), member.c.yes)
    counts = (
        sa.func.count().label("families"),
        sa.func.count(held.c.yes).label("accompanied"),
        sa.func.count(member.c.yes).label("members"),
        sa.func.count().filter(alone).label("unaccompanied"),
    )
    joined = sa.select(area, *counts).select_from(Kpm).outerjoin(held, sa.true()).outerjoin(member, sa.true())
    return joined.group_by(area).order_by(area)
