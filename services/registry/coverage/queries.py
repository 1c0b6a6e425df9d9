"""How many families of an area are accompanied, and how many memberships began and ended there."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.coverage.errors import AreaTooNarrow, AreaTooWide, CoverageNotCounted
from services.registry.coverage.models import COUNTED, CoverageCount, CoverageFigure, counted_by_area
from services.registry.framework.queries import year_of
from services.registry.replicas.models import Kepesertaan, Kpm
from shared import clock, wilayah
from shared.access import Actor
from shared.areas import in_areas
from shared.errors import NotAllowed
from shared.wilayah import KABKOTA_LENGTH, KECAMATAN_LENGTH, PROVINCE_LENGTH, VILLAGE_LENGTH

LENGTHS = {
    KABKOTA_LENGTH: KECAMATAN_LENGTH,
    KECAMATAN_LENGTH: VILLAGE_LENGTH,
    VILLAGE_LENGTH: VILLAGE_LENGTH,
}
"""How long a code one level below is: kabupaten or kota, kecamatan, desa or kelurahan."""
COUNT_LENGTHS = {
    0: PROVINCE_LENGTH,
    PROVINCE_LENGTH: KABKOTA_LENGTH,
    KABKOTA_LENGTH: KECAMATAN_LENGTH,
    KECAMATAN_LENGTH: KECAMATAN_LENGTH,
}
"""The same of a count, which begins with the country and is kept by kecamatan."""


async def read_coverage(session: AsyncSession, actor: Actor, kode_wilayah: str, year: int) -> dict[str, Any]:
    """Return families with a pendamping today and members without one, area by area, and the year's memberships.

    Raises WilayahUnknown, NotAllowed, AreaTooWide: more than a kabupaten or kota is not read at once.
    """
    actor.require_area(wilayah.require(kode_wilayah, "/query/kode_wilayah"))
    if len(kode_wilayah) not in LENGTHS:
        raise AreaTooWide("/query/kode_wilayah")
    areas = await _areas(session, kode_wilayah)
    return {
        "kode_wilayah": kode_wilayah,
        "year": year,
        **summed(areas),
        "areas": areas,
        "kepesertaan": await _kepesertaan(session, kode_wilayah, year),
    }


async def _areas(session: AsyncSession, kode_wilayah: str) -> list[dict[str, Any]]:
    counted = counted_by_area(LENGTHS[len(kode_wilayah)], await clock.today(session))
    rows = await session.execute(counted.where(in_areas(Kpm.kode_wilayah, [kode_wilayah])))
    return [with_share(dict(row)) for row in rows.mappings()]


def summed(areas: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what areas come to together."""
    return with_share({word: sum(area[word] for area in areas) for word in COUNTED})


def with_share(counts: dict[str, Any]) -> dict[str, Any]:
    """Add how many of those in a bansos have a pendamping, 0 to 1; None where nobody is in one."""
    members, alone = counts["members"], counts["unaccompanied"]
    return counts | {"share": round((members - alone) / members, 4) if members else None}


async def read_count(
    session: AsyncSession, actor: Actor, on: date | None, kode_wilayah: str | None
) -> dict[str, Any]:
    """Return the last count on or before a day (today unless said): the country, or an area, and one level below.

    Raises WilayahUnknown, NotAllowed, AreaTooNarrow, CoverageNotCounted.
    """
    if kode_wilayah is not None:
        actor.require_area(wilayah.require(kode_wilayah, "/query/kode_wilayah"))
    elif not actor.national:
        raise NotAllowed("/query/kode_wilayah")
    length = COUNT_LENGTHS.get(len(kode_wilayah or ""))
    if length is None:
        raise AreaTooNarrow("/query/kode_wilayah")
    row, asked = CoverageCount, on or await clock.today(session)
    finished = sa.select(row).where(row.counted_on <= asked, row.finished_at.is_not(None))
    found = await session.scalar(finished.order_by(row.counted_on.desc(), row.finished_at.desc()).limit(1))
    if found is None:
        raise CoverageNotCounted(on=asked)
    areas = await _counted_areas(session, found, kode_wilayah, length)
    when = {"counted_on": found.counted_on, "finished_at": found.finished_at}
    return {**when, "kode_wilayah": kode_wilayah, **summed(areas), "areas": areas}


async def _counted_areas(
    session: AsyncSession, count: CoverageCount, kode_wilayah: str | None, length: int
) -> list[dict[str, Any]]:
    figure = CoverageFigure
    area = sa.func.left(figure.kode_wilayah, sa.literal_column(str(length))).label("kode_wilayah")
    sums = (sa.func.sum(getattr(figure, word)).label(word) for word in COUNTED)
    statement = sa.select(area, *sums).where(figure.count_id == count.count_id).group_by(area).order_by(area)
    if kode_wilayah is not None:
        statement = statement.where(in_areas(figure.kode_wilayah, [kode_wilayah]))
    return [with_share(dict(row)) for row in (await session.execute(statement)).mappings()]


async def _kepesertaan(session: AsyncSession, kode_wilayah: str, year: int) -> list[dict[str, Any]]:
    first, after, _ = year_of(year)
    begins = sa.and_(Kepesertaan.valid_from >= first, Kepesertaan.valid_from < after)
    # One that was restored and goes on as another has an end in time, and no reason: nobody has left.
    left = Kepesertaan.exit_reason.is_not(None)
    ends = sa.and_(Kepesertaan.valid_to >= first, Kepesertaan.valid_to < after, left)
    statement = sa.select(
        Kepesertaan.bansos,
        Kepesertaan.exit_reason,
        sa.func.count().filter(begins).label("started"),
        sa.func.count().filter(ends).label("ended"),
    ).where(in_areas(Kepesertaan.kode_wilayah, [kode_wilayah]), sa.or_(begins, ends))
    keys = (Kepesertaan.bansos, Kepesertaan.exit_reason)
    found: dict[str, dict[str, Any]] = {}
    for bansos, reason, started, ended in await session.execute(statement.group_by(*keys).order_by(*keys)):
        row = found.setdefault(
            bansos.value, {"bansos": bansos, "started": 0, "ended": 0, "ended_by_reason": {}}
        )
        row["started"] += started
        row["ended"] += ended
        if reason is not None and ended:
            row["ended_by_reason"][reason.value] = ended
    return list(found.values())
