"""The targets of a year, and what they come to over everybody in service."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.models import Penugasan, Target

SHOWN = ("target_id", "year", "kind", "number", "per_person", "basis")

NATIONAL_WORDS = {
    "en": "{people} people served {person_days} days together. {per_person} families x {person_days} days ÷"
    " {days} days of {year} = {exact}; rounded half up at each person, the sum is {sum} (rounding {difference}).",
    "id": "{people} orang bertugas {person_days} hari seluruhnya. {per_person} keluarga x {person_days} hari ÷"
    " {days} hari tahun {year} = {exact}; dibulatkan per orang, jumlahnya {sum} (selisih pembulatan {difference}).",
}
PERSON_WORDS = {
    "en": "{per_person} families x {served} days in service ÷ {days} days of {year} = {exact}, rounded half up: {target}.",
    "id": "{per_person} keluarga x {served} hari bertugas ÷ {days} hari tahun {year} = {exact}, dibulatkan: {target}.",
}


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


def person_target(per_person: int, served: int, year: int) -> dict[str, Any]:
    """Return a person's target for days in service, and how it comes about in words."""
    days = year_of(year)[2]
    values = {
        "per_person": per_person,
        "served": served,
        "days": days,
        "year": year,
        "exact": f"{half_up(100 * per_person * served, days) / 100:.2f}",
        "target": half_up(per_person * served, days),
    }
    return {
        "target": values["target"],
        "explanation": {language: text.format(**values) for language, text in PERSON_WORDS.items()},
    }


async def current_targets(session: AsyncSession, year: int) -> dict[str, Any]:
    """Return by kind the target row that holds for a year."""
    oldest_first = sa.select(Target).where(Target.year == year).order_by(Target.kind, Target.number)
    return {row.kind: row for row in await session.scalars(oldest_first)}


async def read_framework(session: AsyncSession, year: int) -> dict[str, Any]:
    """Return the targets of a year with their sums over everybody in service, and what rounding added to each.

    One statement adds them up in PostgreSQL, whatever the headcount.
    """
    rows = await session.execute(_national(year))
    items = [_in_words(dict(row), year_of(year)[2]) for row in rows.mappings()]
    return {"year": year, "sum": sum(item["sum"] for item in items), "items": items}


def _national(year: int) -> sa.Select[Any]:
    """Rounded half up at the person, as `half_up` does; a kind held twice in a year is one service."""
    first, after, days_of_year = year_of(year)
    days = sa.cast(sa.func.sum(days_in_year(year)), sa.BigInteger)
    here = sa.and_(Penugasan.valid_from < after, sa.func.coalesce(Penugasan.valid_to, after) > first)
    served = sa.select(Penugasan.kind, days.label("days")).where(
        here, Penugasan.valid_from < sa.func.coalesce(Penugasan.valid_to, after)
    )
    each = served.group_by(Penugasan.kind, Penugasan.pendamping_id).subquery()
    now = _latest(year).subquery()
    share = (2 * now.c.per_person * each.c.days + days_of_year) // (2 * days_of_year)
    sums = (
        sa.func.count(each.c.days).label("people"),
        sa.cast(sa.func.coalesce(sa.func.sum(each.c.days), 0), sa.BigInteger).label("person_days"),
        sa.cast(sa.func.coalesce(sa.func.sum(share), 0), sa.BigInteger).label("sum"),
    )
    shown = [now.c[name] for name in SHOWN]
    joined = sa.select(*shown, *sums).select_from(now.outerjoin(each, each.c.kind == now.c.kind))
    return joined.group_by(*shown).order_by(now.c.kind)


def _latest(year: int) -> sa.Select[Any]:
    newer = aliased(Target)
    later = sa.exists().where(
        newer.year == Target.year, newer.kind == Target.kind, newer.number > Target.number
    )
    return sa.select(Target).where(Target.year == year, ~later)


def _in_words(row: dict[str, Any], days_of_year: int) -> dict[str, Any]:
    """Add the exact sum and what rounding added to it, in hundredths of a family, and both in words."""
    hundredths = half_up(100 * row["per_person"] * row["person_days"], days_of_year)
    exact, difference = hundredths / 100, (100 * row["sum"] - hundredths) / 100
    values = row | {"days": days_of_year, "exact": f"{exact:.2f}", "difference": f"{difference:+.2f}"}
    return row | {
        "days_of_year": days_of_year,
        "exact": exact,
        "rounding_difference": difference,
        "explanation": {language: text.format(**values) for language, text in NATIONAL_WORDS.items()},
    }
