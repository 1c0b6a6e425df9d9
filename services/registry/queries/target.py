"""The targets of a year, and what they come to over everybody in service."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import Penugasan, Target


def half_up(numerator: int, denominator: int) -> int:
    """Return the quotient of two whole numbers, not below zero, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def year_of(year: int) -> tuple[date, date, int]:
    """Return the first day of a year, the first day after it, and its days."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    return first, after, (after - first) // timedelta(days=1)


def days_in_year(year: int) -> sa.ColumnElement[int]:
    """Return the days that a penugasan holds within the year, as SQL."""
    first, after, _ = year_of(year)
    ends = sa.func.least(sa.func.coalesce(Penugasan.valid_to, after), after)
    begins = sa.func.greatest(Penugasan.valid_from, first)
    return sa.func.greatest(ends - begins, 0)


async def current_targets(session: AsyncSession, year: int) -> dict[str, Any]:
    """Return by kind the target row that holds for a year."""
    oldest_first = sa.select(Target).where(Target.year == year).order_by(Target.kind, Target.number)
    return {row.kind: row for row in await session.scalars(oldest_first)}


async def target_list(session: AsyncSession, year: int) -> list[dict[str, Any]]:
    """Return the targets of a year with their sum over everybody in service, and what rounding added to it."""
    people = await _days_of_people(session, year)
    return [
        {name: getattr(row, name) for name in ("target_id", "year", "kind", "number", "per_person", "basis")}
        | _sums(row.per_person, people.get(kind, []), year_of(year)[2])
        for kind, row in (await current_targets(session, year)).items()
    ]


async def _days_of_people(session: AsyncSession, year: int) -> dict[Any, list[tuple[int, int]]]:
    """Return by kind how many people serve how many days: at most 366 lines a kind, whatever the headcount."""
    days = sa.func.sum(days_in_year(year)).label("days")
    each = sa.select(Penugasan.kind, days).group_by(Penugasan.kind, Penugasan.pendamping_id).subquery()
    counted = sa.select(each.c.kind, each.c.days, sa.func.count()).where(each.c.days > 0)
    found: dict[Any, list[tuple[int, int]]] = {}
    for kind, number, people in await session.execute(counted.group_by(each.c.kind, each.c.days)):
        found.setdefault(kind, []).append((number, people))
    return found


def _sums(per_person: int, people: list[tuple[int, int]], days_of_year: int) -> dict[str, Any]:
    total = sum(half_up(per_person * days, days_of_year) * count for days, count in people)
    exact = sum(per_person * days * count for days, count in people) / days_of_year
    return {
        "people": sum(count for _, count in people),
        "sum": total,
        "rounding_difference": round(total - exact, 2),
    }
