"""Targets of a year, and the days in service that count towards them."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.framework.models import Target
from services.registry.pendamping.models import StatusHistory
from services.registry.placement.models import Penugasan
from shared.contracts.kinds import FINAL_STATUSES, PilarKind
from shared.database import national_scope
from shared.database.tables import Authored


def year_bounds(year: int) -> tuple[date, date, int]:
    """Return the first day of a year, the first day after it, and its length."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    return first, after, (after - first) // timedelta(days=1)


def select_current_targets(year: int) -> sa.Select[Any]:
    """Return a select of the newest target of each kind in a year."""
    newer = aliased(Target)
    is_replaced = sa.exists().where(
        newer.year == Target.year, newer.kind == Target.kind, newer.number > Target.number
    )
    return sa.select(Target).where(Target.year == year, ~is_replaced)


def select_days_in_service(year: int) -> sa.Select[*tuple[Any, ...]]:
    """Return a select of `penugasan_id, pendamping_id, kind, days`, one row per placement.

    Only placements that overlap the year are included. For a kind without a target every day of the placement
    counts.
    """
    first, after, _ = year_bounds(year)
    target, period = (
        select_current_targets(year).subquery("current_target"),
        _select_status_periods().subquery("period"),
    )
    counts = sa.and_(
        period.c.pendamping_id == Penugasan.pendamping_id, period.c.status == sa.any_(target.c.counted)
    )
    begins = sa.func.greatest(Penugasan.valid_from, first)
    ends = sa.func.least(sa.func.coalesce(Penugasan.valid_to, after), after)
    overlap = sa.func.least(ends, sa.func.coalesce(period.c.until, after)) - sa.func.greatest(
        begins, period.c.from_on
    )
    # A placement without a counted day has one row of NULLs here, and LEAST and GREATEST ignore NULLs.
    total = sa.func.sum(sa.func.greatest(overlap, 0)).filter(period.c.status.is_not(None))
    counted_days = sa.func.coalesce(total, 0)
    days = sa.case((target.c.kind.is_(None), ends - begins), else_=sa.cast(counted_days, sa.Integer))
    return (
        sa.select(Penugasan.penugasan_id, Penugasan.pendamping_id, Penugasan.kind, days.label("days"))
        .outerjoin(target, target.c.kind == Penugasan.kind)
        .outerjoin(period, counts)
        .where(Penugasan.valid_from < after, ends > begins)
        .group_by(Penugasan.penugasan_id, target.c.kind)
    )


def _select_status_periods() -> sa.Select[*tuple[Any, ...]]:
    """Return a select of each status with its range of days.

    Of two statuses from the same day the later one applies, because the period of the earlier one is empty. A final
    status voids what was recorded before for later days, unless it was replaced.
    """
    row, final, other = StatusHistory, aliased(StatusHistory), aliased(StatusHistory)
    order = (row.from_on, row.number)
    next_from = sa.func.lead(row.from_on).over(partition_by=row.pendamping_id, order_by=order)
    is_void = sa.exists().where(
        final.pendamping_id == row.pendamping_id,
        final.status.in_(FINAL_STATUSES),
        final.from_on <= row.from_on,
        final.number > row.number,
        ~sa.exists().where(
            other.pendamping_id == final.pendamping_id,
            other.from_on == final.from_on,
            other.number > final.number,
        ),
    )
    return sa.select(row.pendamping_id, row.status, row.from_on, next_from.label("until")).where(~is_void)


TARGET_COLUMNS = (
    "target_id",
    "year",
    "kind",
    "number",
    "per_person",
    "counted",
    "basis",
    *Authored.model_fields,
)
NATIONAL_EXPLANATION = {
    "en": "{people} people served {person_days} days together. {per_person} families x {person_days} days ÷"
    " {days} days of {year} = {exact}; rounded half up per person, the sum is {sum} (rounding {difference})."
    " A day counts in the status {statuses}.",
    "id": "{people} orang bertugas {person_days} hari seluruhnya. {per_person} keluarga x {person_days} hari ÷"
    " {days} hari tahun {year} = {exact}; dibulatkan per orang, jumlahnya {sum} (selisih pembulatan {difference})."
    " Hari dihitung dalam status {statuses}.",
}
PERSON_EXPLANATION = {
    "en": "{per_person} families x {days_in_service} days in service ÷ {days} days of {year} = {exact},"
    " rounded half up: {target}. A day counts in the status {statuses}.",
    "id": "{per_person} keluarga x {days_in_service} hari bertugas ÷ {days} hari tahun {year} = {exact},"
    " dibulatkan: {target}. Hari dihitung dalam status {statuses}.",
}


def round_half_up(numerator: int, denominator: int) -> int:
    """Return the quotient of two non-negative integers, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def calculate_person_target(target: Target, days_in_service: int) -> dict[str, Any]:
    """Return a person's target in families, pro rata by days in service, with its explanation."""
    days = year_bounds(target.year)[2]
    values = {
        "per_person": target.per_person,
        "days_in_service": days_in_service,
        "days": days,
        "year": target.year,
        "exact": f"{round_half_up(100 * target.per_person * days_in_service, days) / 100:.2f}",
        "target": round_half_up(target.per_person * days_in_service, days),
        "statuses": ", ".join(target.counted),
    }
    return {
        "target": values["target"],
        "explanation": {language: text.format(**values) for language, text in PERSON_EXPLANATION.items()},
    }


async def read_current_targets(session: AsyncSession, year: int) -> dict[PilarKind, Target]:
    """Return the current target of each kind in a year."""
    return {row.kind: row for row in await session.scalars(select_current_targets(year))}


async def read_framework(session: AsyncSession, year: int) -> dict[str, Any]:
    """Return each target of a year with the sum of all persons' targets.

    A person's target is pro rata by days in service.
    One statement calculates the sums in PostgreSQL for any number of persons.
    """
    async with national_scope(session):
        rows = (await session.execute(_select_national_sums(year))).mappings().all()
    items = [_explain_sum(dict(row), year_bounds(year)[2]) for row in rows]
    return {"year": year, "sum": sum(item["sum"] for item in items), "items": items}


def _select_national_sums(year: int) -> sa.Select[Any]:
    days_of_year = year_bounds(year)[2]
    placements = select_days_in_service(year).subquery("placement")
    total = sa.cast(sa.func.sum(placements.c.days), sa.BigInteger)
    # Two placements of one person in the same kind are added up before rounding.
    persons = sa.select(placements.c.kind, total.label("days")).group_by(
        placements.c.kind, placements.c.pendamping_id
    )
    person = persons.having(total > 0).subquery("person")
    target = select_current_targets(year).subquery("current_target")
    # The same rounding as `round_half_up`, for each person.
    person_target = (2 * target.c.per_person * person.c.days + days_of_year) // (2 * days_of_year)
    sums = (
        sa.func.count(person.c.days).label("people"),
        sa.cast(sa.func.coalesce(sa.func.sum(person.c.days), 0), sa.BigInteger).label("person_days"),
        sa.cast(sa.func.coalesce(sa.func.sum(person_target), 0), sa.BigInteger).label("sum"),
    )
    columns = [target.c[name] for name in TARGET_COLUMNS]
    joined = sa.select(*columns, *sums).select_from(target.outerjoin(person, person.c.kind == target.c.kind))
    return joined.group_by(*columns).order_by(target.c.kind)


def _explain_sum(row: dict[str, Any], days_of_year: int) -> dict[str, Any]:
    """Add the exact sum, the rounding difference and the explanation to a row."""
    hundredths = round_half_up(100 * row["per_person"] * row["person_days"], days_of_year)
    exact, difference = hundredths / 100, (100 * row["sum"] - hundredths) / 100
    texts = {
        "exact": f"{exact:.2f}",
        "difference": f"{difference:+.2f}",
        "statuses": ", ".join(row["counted"]),
    }
    values = row | texts | {"days": days_of_year}
    return row | {
        "days_of_year": days_of_year,
        "exact": exact,
        "rounding_difference": difference,
        "explanation": {language: text.format(**values) for language, text in NATIONAL_EXPLANATION.items()},
    }
