"""Ranges and area codes are compared alike in Python and PostgreSQL."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from shared import wilayah
from shared.areas import in_areas, is_in_area
from shared.database import Database
from shared.errors import DomainError, VersionOutdated
from shared.validity import covers, end_previous, valid_on

FIRST = date(2026, 3, 1)
LAST = FIRST + timedelta(days=9)
CODES = ["33", "33.2", "33.24", "33.24.09", "33.24.09.2011", "33.25", "33.240", "34", "3"]


@pytest.mark.parametrize("ends", [LAST, None, FIRST])
async def test_range_covers_the_same_days_in_both(database: Database, ends: date | None) -> None:
    days = [FIRST + timedelta(days=number) for number in range(-2, 13)]
    condition = valid_on(
        sa.literal(FIRST, sa.Date()), sa.literal(ends, sa.Date()), sa.column("on", sa.Date())
    )
    listed = sa.values(sa.column("on", sa.Date()), name="days").data([(day,) for day in days])
    async with database.transaction() as session:
        covered = (await session.scalars(sa.select(listed.c.on).where(condition))).all()
    assert covered == [day for day in days if covers(FIRST, ends, day)]
    assert len(covered) == {LAST: 9, FIRST: 0, None: 13}[ends]


@pytest.mark.parametrize("area", ["*", "33", "33.24", "33.24.09.2011", "35"])
async def test_area_holds_the_same_codes_in_both(database: Database, area: str) -> None:
    code, of = sa.column("code", sa.Text(collation="C")), sa.literal(area, sa.Text())
    listed = sa.values(code, name="codes").data([(one,) for one in CODES])
    async with database.transaction() as session:
        ranged = (await session.scalars(sa.select(listed.c.code).where(in_areas(code, [area])))).all()
        compared = (await session.scalars(sa.select(listed.c.code).where(is_in_area(code, of)))).all()
    inside = [one for one in CODES if wilayah.is_within(one, area)]
    assert ranged == inside
    assert area == wilayah.NATIONAL or compared == inside


async def test_no_area_holds_no_code(database: Database) -> None:
    async with database.transaction() as session:
        assert await session.scalar(sa.select(in_areas(sa.literal("33.24"), []))) is False


@pytest.mark.parametrize(
    ("ends", "expected"),
    [(None, LAST), (LAST + timedelta(days=1), LAST), (LAST, LAST), (FIRST + timedelta(days=1), None)],
)
async def test_previous_version_ends_where_the_next_begins(
    database: Database, ends: date | None, expected: date | None
) -> None:
    previous = SimpleNamespace(valid_from=FIRST, valid_to=ends)
    async with database.transaction() as session:
        changed = await end_previous(session, previous, LAST, VersionOutdated())
    assert previous.valid_to == (expected or ends)
    assert changed is (ends != LAST and expected is not None)


@pytest.mark.parametrize("next_from", [FIRST, FIRST - timedelta(days=1)])
async def test_previous_version_that_begins_later_is_refused(database: Database, next_from: date) -> None:
    async with database.transaction() as session:
        with pytest.raises(DomainError):
            await end_previous(
                session, SimpleNamespace(valid_from=FIRST, valid_to=None), next_from, VersionOutdated()
            )
