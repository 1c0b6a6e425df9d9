"""Months of the calendar: from a day to the same day of another month."""

import calendar
from datetime import date


def months_after(start: date, months: int) -> date:
    """Return the same day some months later, or that month's last day; earlier where `months` is negative."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date) -> int:
    """Return the whole months from `start` to `end`, never below zero."""
    return max(0, (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))
