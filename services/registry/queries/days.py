"""Days in service: on which a placement held, and its holder stood in a status that the year's target counts."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.registry.models import Penugasan, StatusHistory, Target


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
