"""Legal dates: days in Jakarta, days of acts, their instants, and calendar months."""

import calendar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from shared.errors import DateInTheFuture, DateInThePast, DateTooEarly

JAKARTA = ZoneInfo("Asia/Jakarta")
EASTERN = ZoneInfo("Asia/Jayapura")
"""The zone where a day of the country begins first (WIT, UTC+9)."""


def day_of(instant: datetime) -> date:
    """Return the date in Jakarta of an aware instant."""
    return instant.astimezone(JAKARTA).date()


def latest_day_of(instant: datetime) -> date:
    """Return the date in Papua (WIT) of an aware instant, the latest in the country."""
    return instant.astimezone(EASTERN).date()


def to_utc_text(instant: datetime) -> str:
    """Return an aware instant as answers show it: RFC 3339 in UTC, with Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def midnight(day: date) -> datetime:
    """Return the first instant of a day in Jakarta."""
    return datetime.combine(day, time(), JAKARTA)


def months_after(start: date, months: int) -> date:
    """Return the same day some months later, or that month's last day.

    Negative `months` give an earlier day.
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date) -> int:
    """Return the whole months from `start` to `end`, never below zero."""
    return max(0, (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))


def require_not_future(
    on: date, today: date, pointer: str = "/body/on", *, earliest: date | None = None
) -> None:
    """Require a day that is not in the future and not before `earliest`.

    `today` is `clock.latest_today` for an act, a birth or a death, else `clock.today` (docs/case-lifecycle.md#time).

    Raises:
        DateInTheFuture, DateTooEarly
    """
    if on > today:
        raise DateInTheFuture(pointer, on=on, today=today)
    if earliest is not None and on < earliest:
        raise DateTooEarly(pointer, on=on, earliest=earliest)


def require_not_past(on: date, today: date, pointer: str = "/body/valid_from") -> None:
    """Require today or a later day.

    Raises:
        DateInThePast
    """
    if on < today:
        raise DateInThePast(pointer, on=on, today=today)
