"""Ranges of validity. `ends` is the first day after the range, or None."""

from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import DomainError


class Version(Protocol):
    """A row that is valid in a range of days."""

    valid_from: Any
    valid_to: Any


def valid_on(
    begins: sa.SQLColumnExpression[Any], ends: sa.SQLColumnExpression[Any], on: Any
) -> sa.ColumnElement[bool]:
    """Return the condition that a range covers the day `on`, a date or an expression."""
    return sa.and_(begins <= on, not_ended_by(ends, on))


def not_ended_by(ends: sa.SQLColumnExpression[Any], on: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a range has not ended on the day `on`."""
    return sa.or_(ends.is_(None), ends > on)


def covers(begins: date, ends: date | None, on: date) -> bool:
    """Return whether a range covers a day."""
    return begins <= on and (ends is None or on < ends)


async def end_previous(
    session: AsyncSession, previous: Version, next_from: date, refusal: DomainError
) -> bool:
    """End the previous version where the next begins, and return whether it changed.

    Raises:
        DomainError: `refusal`, if the previous version begins on that day or later.
    """
    if previous.valid_from >= next_from:
        raise refusal
    if not covers(previous.valid_from, previous.valid_to, next_from):
        return False
    previous.valid_to = next_from
    await session.flush()  # before the next row, which would overlap
    return True
