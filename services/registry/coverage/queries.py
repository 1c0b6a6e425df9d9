"""Read coverage of an area, live or as counted, and its memberships."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.coverage.errors import AreaTooNarrow, AreaTooWide, CoverageNotCounted
from services.registry.coverage.models import (
    COUNT_COLUMNS,
    END_IS_HELD,
    CoverageCount,
    CoverageFigure,
    select_counts_by_area,
)
from services.registry.framework.queries import year_bounds
from services.registry.replicas.models import Kepesertaan, Kpm
from shared import clock, wilayah
from shared.access import Actor
from shared.areas import in_areas
from shared.errors import NotAllowed
from shared.validity import not_voided
from shared.wilayah import KABKOTA_LENGTH, KECAMATAN_LENGTH, PROVINCE_LENGTH, VILLAGE_LENGTH

LIVE_CODE_LENGTHS = {
    KABKOTA_LENGTH: KECAMATAN_LENGTH,
    KECAMATAN_LENGTH: VILLAGE_LENGTH,
    VILLAGE_LENGTH: VILLAGE_LENGTH,
}
"""Code length of the areas listed below a kabupaten or kota, a kecamatan, and a desa or kelurahan."""
COUNT_CODE_LENGTHS = {
    0: PROVINCE_LENGTH,
    PROVINCE_LENGTH: KABKOTA_LENGTH,
    KABKOTA_LENGTH: KECAMATAN_LENGTH,
    KECAMATAN_LENGTH: KECAMATAN_LENGTH,
}
"""The same for stored counts. They start at the country (0) and are stored per kecamatan."""


async def read_coverage(session: AsyncSession, actor: Actor, kode_wilayah: str, year: int) -> dict[str, Any]:
    """Return today's coverage of an area and the memberships of a year.

    Raises:
        WilayahUnknown, NotAllowed.
        AreaTooWide: The area is larger than a kabupaten or kota.
    """
    actor.require_area(wilayah.require(kode_wilayah, "/query/kode_wilayah"))
    if len(kode_wilayah) not in LIVE_CODE_LENGTHS:
        raise AreaTooWide("/query/kode_wilayah")
    areas = await _read_areas(session, kode_wilayah)
    return {
        "kode_wilayah": kode_wilayah,
        "year": year,
        **sum_areas(areas),
        "areas": areas,
        "kepesertaan": await _count_memberships(session, kode_wilayah, year),
    }


async def _read_areas(session: AsyncSession, kode_wilayah: str) -> list[dict[str, Any]]:
    statement = select_counts_by_area(LIVE_CODE_LENGTHS[len(kode_wilayah)], await clock.today(session))
    rows = await session.execute(statement.where(in_areas(Kpm.kode_wilayah, [kode_wilayah])))
    return [add_share(dict(row)) for row in rows.mappings()]


def sum_areas(areas: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the totals over all areas, with their share."""
    return add_share({column: sum(area[column] for area in areas) for column in COUNT_COLUMNS})


def add_share(counts: dict[str, Any]) -> dict[str, Any]:
    """Add the share of families to accompany that have a PKH pendamping.

    It is 0 to 1, or None if no family is to be accompanied.
    """
    needed, unaccompanied = counts["to_accompany"], counts["unaccompanied"]
    return counts | {"share": round((needed - unaccompanied) / needed, 4) if needed else None}


async def read_count(
    session: AsyncSession, actor: Actor, on: date | None, kode_wilayah: str | None
) -> dict[str, Any]:
    """Return the last finished count on or before a day, with the areas below.

    Without `on` the day is today. Without `kode_wilayah` the area is the whole country.

    Raises:
        WilayahUnknown, NotAllowed, AreaTooNarrow, CoverageNotCounted.
    """
    if kode_wilayah is not None:
        actor.require_area(wilayah.require(kode_wilayah, "/query/kode_wilayah"))
    elif not actor.national:
        raise NotAllowed("/query/kode_wilayah")
    code_length = COUNT_CODE_LENGTHS.get(len(kode_wilayah or ""))
    if code_length is None:
        raise AreaTooNarrow("/query/kode_wilayah")
    row, last_day = CoverageCount, on or await clock.today(session)
    finished = sa.select(row).where(row.counted_on <= last_day, row.finished_at.is_not(None))
    count = await session.scalar(finished.order_by(row.counted_on.desc(), row.finished_at.desc()).limit(1))
    if count is None:
        raise CoverageNotCounted(on=last_day)
    areas = await _read_counted_areas(session, count, kode_wilayah, code_length)
    times = {"counted_on": count.counted_on, "finished_at": count.finished_at}
    return {**times, "kode_wilayah": kode_wilayah, **sum_areas(areas), "areas": areas}


async def _read_counted_areas(
    session: AsyncSession, count: CoverageCount, kode_wilayah: str | None, code_length: int
) -> list[dict[str, Any]]:
    figure = CoverageFigure
    area = sa.func.left(figure.kode_wilayah, sa.literal_column(str(code_length))).label("kode_wilayah")
    sums = (sa.func.sum(getattr(figure, column)).label(column) for column in COUNT_COLUMNS)
    statement = sa.select(area, *sums).where(figure.count_id == count.count_id).group_by(area).order_by(area)
    if kode_wilayah is not None:
        statement = statement.where(in_areas(figure.kode_wilayah, [kode_wilayah]))
    return [add_share(dict(row)) for row in (await session.execute(statement)).mappings()]


async def _count_memberships(session: AsyncSession, kode_wilayah: str, year: int) -> list[dict[str, Any]]:
    first, after, _ = year_bounds(year)
    in_year = sa.and_(Kepesertaan.valid_from >= first, Kepesertaan.valid_from < after)
    starts = sa.and_(in_year, not_voided(Kepesertaan.valid_from, Kepesertaan.valid_to))
    # A restored membership that the next one continues has an end but no reason. It is not an exit.
    exited = Kepesertaan.exit_reason.is_not(None)
    passed = sa.and_(Kepesertaan.valid_to <= await clock.today(session), ~END_IS_HELD)
    ends = sa.and_(Kepesertaan.valid_to >= first, Kepesertaan.valid_to < after, exited, passed)
    statement = sa.select(
        Kepesertaan.bansos,
        Kepesertaan.exit_reason,
        sa.func.count().filter(starts).label("started"),
        sa.func.count().filter(ends).label("ended"),
    ).where(in_areas(Kepesertaan.kode_wilayah, [kode_wilayah]), sa.or_(starts, ends))
    keys = (Kepesertaan.bansos, Kepesertaan.exit_reason)
    by_bansos: dict[str, dict[str, Any]] = {}
    for bansos, reason, started, ended in await session.execute(statement.group_by(*keys).order_by(*keys)):
        row = by_bansos.setdefault(
            bansos.value, {"bansos": bansos, "started": 0, "ended": 0, "ended_by_reason": {}}
        )
        row["started"] += started
        row["ended"] += ended
        if reason is not None and ended:
            row["ended_by_reason"][reason.value] = ended
    return list(by_bansos.values())
