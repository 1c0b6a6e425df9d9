"""Targets of a year, and the days in service that count towards them."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.framework.models import Target
from services.registry.pendamping.models import StatusHistory
from services.registry.placement.models import Penugasan
from shared.contracts.kinds import PilarKind


def year_of(year: int) -> tuple[date, date, int]:
    """Return the first day of a year, the first day after it, and its days."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    return first, after, (after - first) // timedelta(days=1)


def latest_targets(year: int) -> sa.Select[Any]:
    """Return the select of the target that holds for each kind in a year."""
    newer = aliased(Target)
    later = sa.exists().where(
        newer.year == Target.year, newer.kind == Target.kind, newer.number > Target.number
    )
    return sa.select(Target).where(Target.year == year, ~later)


def days_in_service(year: int) -> sa.Select[*tuple[Any, ...]]:
    """Return the select of `penugasan_id, pendamping_id, kind, days`: a row for each placement that touches the year.

    Of a kind without a target every day of the placement counts: there is nothing that it would be counted for.
    """
    first, after, _ = year_of(year)
    now, span = latest_targets(year).subquery("now"), _statuses().subquery("span")
    counts = sa.and_(span.c.pendamping_id == Penugasan.pendamping_id, span.c.status == sa.any_(now.c.counted))
    begins = sa.func.greatest(Penugasan.valid_from, first)
    ends = sa.func.least(sa.func.coalesce(Penugasan.valid_to, after), after)
    within = sa.func.least(ends, sa.func.coalesce(span.c.until, after)) - sa.func.greatest(
        begins, span.c.from_on
    )
    # A placement without a day that counts has one row of NULLs here, which LEAST and GREATEST pass over.
    each = sa.func.sum(sa.func.greatest(within, 0)).filter(span.c.status.is_not(None))
    counted = sa.func.coalesce(each, 0)
    days = sa.case((now.c.kind.is_(None), ends - begins), else_=sa.cast(counted, sa.Integer))
    return (
        sa.select(Penugasan.penugasan_id, Penugasan.pendamping_id, Penugasan.kind, days.label("days"))
        .outerjoin(now, now.c.kind == Penugasan.kind)
        .outerjoin(span, counts)
        .where(Penugasan.valid_from < after, ends > begins)
        .group_by(Penugasan.penugasan_id, now.c.kind)
    )


def _statuses() -> sa.Select[*tuple[Any, ...]]:
    """Each status with the day on which the next one took its place: of two from one day the later one held."""
    row = StatusHistory
    following = sa.func.lead(row.from_on).over(partition_by=row.pendamping_id, order_by=row.number)
    return sa.select(row.pendamping_id, row.status, row.from_on, following.label("until"))


SHOWN = ("target_id", "year", "kind", "number", "per_person", "counted", "basis")
NATIONAL_WORDS = {
    "en": "{people} people served {person_days} days together. {per_person} families x {person_days} days ÷"
    " {days} days of {year} = {exact}; rounded half up at each person, the sum is {sum} (rounding {difference})."
    " A day counts in the status {words}.",
    "id": "{people} orang bertugas {person_days} hari seluruhnya. {per_person} keluarga x {person_days} hari ÷"
    " {days} hari tahun {year} = {exact}; dibulatkan per orang, jumlahnya {sum} (selisih pembulatan {difference})."
    " Hari dihitung dalam status {words}.",
}
PERSON_WORDS = {
    "en": "{per_person} families x {served} days in service ÷ {days} days of {year} = {exact}, rounded half up: {target}."
    " A day counts in the status {counted}.",
    "id": "{per_person} keluarga x {served} hari bertugas ÷ {days} hari tahun {year} = {exact}, dibulatkan: {target}."
    " Hari dihitung dalam status {counted}.",
}


def half_up(numerator: int, denominator: int) -> int:
    """Return the quotient of two whole numbers, not below zero, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def person_target(row: Target, served: int) -> dict[str, Any]:
    """Return a person's target for days in service, and how it comes about in words."""
    days = year_of(row.year)[2]
    values = {
        "per_person": row.per_person,
        "served": served,
        "days": days,
        "year": row.year,
        "exact": f"{half_up(100 * row.per_person * served, days) / 100:.2f}",
        "target": half_up(row.per_person * served, days),
        "counted": ", ".join(row.counted),
    }
    return {
        "target": values["target"],
        "explanation": {language: text.format(**values) for language, text in PERSON_WORDS.items()},
    }


async def current_targets(session: AsyncSession, year: int) -> dict[PilarKind, Target]:
    """Return by kind the target row that holds for a year."""
    return {row.kind: row for row in await session.scalars(latest_targets(year))}


async def read_framework(session: AsyncSession, year: int) -> dict[str, Any]:
    """Return the targets of a year with their sums over everybody in service, and what rounding added to each.

    One statement adds them up in PostgreSQL, whatever the headcount.
    """
    rows = await session.execute(_national(year))
    items = [_in_words(dict(row), year_of(year)[2]) for row in rows.mappings()]
    return {"year": year, "sum": sum(item["sum"] for item in items), "items": items}


def _national(year: int) -> sa.Select[Any]:
    """Rounded half up at the person, as `half_up` does; a kind held twice in a year is one service."""
    days_of_year = year_of(year)[2]
    placed = days_in_service(year).subquery("placed")
    total = sa.cast(sa.func.sum(placed.c.days), sa.BigInteger)
    served = sa.select(placed.c.kind, total.label("days")).group_by(placed.c.kind, placed.c.pendamping_id)
    each = served.having(total > 0).subquery("each")
    now = latest_targets(year).subquery("set")
    share = (2 * now.c.per_person * each.c.days + days_of_year) // (2 * days_of_year)
    sums = (
        sa.func.count(each.c.days).label("people"),
        sa.cast(sa.func.coalesce(sa.func.sum(each.c.days), 0), sa.BigInteger).label("person_days"),
        sa.cast(sa.func.coalesce(sa.func.sum(share), 0), sa.BigInteger).label("sum"),
    )
    shown = [now.c[name] for name in SHOWN]
    joined = sa.select(*shown, *sums).select_from(now.outerjoin(each, each.c.kind == now.c.kind))
    return joined.group_by(*shown).order_by(now.c.kind)


def _in_words(row: dict[str, Any], days_of_year: int) -> dict[str, Any]:
    """Add the exact sum and what rounding added to it, in hundredths of a family, and both in words."""
    hundredths = half_up(100 * row["per_person"] * row["person_days"], days_of_year)
    exact, difference = hundredths / 100, (100 * row["sum"] - hundredths) / 100
    words = {"exact": f"{exact:.2f}", "difference": f"{difference:+.2f}", "words": ", ".join(row["counted"])}
    values = row | words | {"days": days_of_year}
    return row | {
        "days_of_year": days_of_year,
        "exact": exact,
        "rounding_difference": difference,
        "explanation": {language: text.format(**values) for language, text in NATIONAL_WORDS.items()},
    }
