"""How many families of an area are accompanied, and how many memberships began and ended there."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.errors import AreaTooWide
from services.registry.models import Dampingan, Kepesertaan, Kpm
from services.registry.queries.pendamping import within
from services.registry.queries.target import year_of
from shared import clock, wilayah
from shared.access import Actor
from shared.contracts.kinds import DampinganPurpose

LENGTHS = {5: 8, 8: 13, 13: 13}
"""How long a code one level below is: kabupaten or kota, kecamatan, desa or kelurahan."""
WORDS = ("families", "accompanied", "unaccompanied")


async def read_coverage(session: AsyncSession, actor: Actor, kode_wilayah: str, year: int) -> dict[str, Any]:
    """Return families with a pendamping today and members without one, area by area, and the year's memberships.

    Raises UnknownWilayah, NotAllowed, AreaTooWide: more than a kabupaten or kota is not read at once.
    """
    actor.require_area(wilayah.require(kode_wilayah, "/query/kode_wilayah"))
    if len(kode_wilayah) not in LENGTHS:
        raise AreaTooWide("/query/kode_wilayah")
    areas = await _areas(session, kode_wilayah)
    return {
        "kode_wilayah": kode_wilayah,
        "year": year,
        **{word: sum(area[word] for area in areas) for word in WORDS},
        "areas": areas,
        "kepesertaan": await _kepesertaan(session, kode_wilayah, year),
    }


async def _areas(session: AsyncSession, kode_wilayah: str) -> list[dict[str, Any]]:
    """Each family's dampingan and memberships are found by its id: a lateral join never reads the whole tables."""
    today = await clock.today(session)

    def holds(table: type[Dampingan] | type[Kepesertaan]) -> sa.Select[Any]:
        open_end = sa.or_(table.valid_to.is_(None), table.valid_to > today)
        return sa.select(sa.true().label("yes")).where(
            table.kpm_id == Kpm.kpm_id, table.valid_from <= today, open_end
        )

    weighs = holds(Dampingan).where(Dampingan.purpose == DampinganPurpose.PENDAMPINGAN)
    held, member = weighs.limit(1).lateral("held"), holds(Kepesertaan).limit(1).lateral("member")
    area = sa.func.left(Kpm.kode_wilayah, sa.literal_column(str(LENGTHS[len(kode_wilayah)]))).label(
        "kode_wilayah"
    )
    alone = sa.and_(held.c.yes.is_(None), member.c.yes)
    statement = (
        sa.select(
            area,
            sa.func.count().label("families"),
            sa.func.count(held.c.yes).label("accompanied"),
            sa.func.count().filter(alone).label("unaccompanied"),
        )
        .select_from(Kpm)
        .outerjoin(held, sa.true())
        .outerjoin(member, sa.true())
        .where(within(Kpm.kode_wilayah, [kode_wilayah]))
    )
    rows = await session.execute(statement.group_by(area).order_by(area))
    return [dict(row) for row in rows.mappings()]


async def _kepesertaan(session: AsyncSession, kode_wilayah: str, year: int) -> list[dict[str, Any]]:
    first, after, _ = year_of(year)
    begins = sa.and_(Kepesertaan.valid_from >= first, Kepesertaan.valid_from < after)
    ends = sa.and_(Kepesertaan.valid_to >= first, Kepesertaan.valid_to < after)
    statement = sa.select(
        Kepesertaan.bansos,
        Kepesertaan.exit_reason,
        sa.func.count().filter(begins).label("started"),
        sa.func.count().filter(ends).label("ended"),
    ).where(within(Kepesertaan.kode_wilayah, [kode_wilayah]), sa.or_(begins, ends))
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
