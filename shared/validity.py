"""Ranges of validity. `ends` is the first day after the range, or None."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared.database.tables import Col, Fields
from shared.errors import DomainError


class Version(Protocol):
    """A row that is valid in a range of days."""

    valid_from: Any
    valid_to: Any


AnyVersion = TypeVar("AnyVersion", bound=Version)


def valid_on(
    begins: sa.SQLColumnExpression[Any], ends: sa.SQLColumnExpression[Any], on: Any
) -> sa.ColumnElement[bool]:
    """Return the condition that a range covers the day `on`, a date or an expression."""
    return sa.and_(begins <= on, not_ended_by(ends, on))


def not_ended_by(ends: sa.SQLColumnExpression[Any], on: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a range has not ended on the day `on`."""
    return sa.or_(ends.is_(None), ends > on)


def not_voided(
    begins: sa.SQLColumnExpression[Any], ends: sa.SQLColumnExpression[Any]
) -> sa.ColumnElement[bool]:
    """Return the condition that a range is not empty."""
    return not_ended_by(ends, begins)


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


async def restore_previous(
    session: AsyncSession, voided: AnyVersion, versions: Sequence[AnyVersion]
) -> AnyVersion | None:
    """Empty the range of a voided version, and extend and return the version before it."""
    earlier = (one for one in versions if one.valid_from < voided.valid_from == one.valid_to)
    previous, ends_on = next(earlier, None), voided.valid_to
    voided.valid_to = voided.valid_from
    await session.flush()  # before the other row, which would overlap
    if previous is not None:
        previous.valid_to = ends_on
        await session.flush()
    return previous


class DaysFields(Fields):
    """A number of days from a day on, until the next row begins."""

    valid_from: Col[date] = Field(primary_key=True)
    days: Col[int]
    source: Col[str]


async def read_rule(session: AsyncSession, column: Any, on: date) -> int:
    """Return the number in force on a date, from a table with `valid_from`."""
    valid_from = column.class_.valid_from
    in_force = sa.select(column).where(valid_from <= on).order_by(valid_from.desc()).limit(1)
    return (await session.scalars(in_force)).one()
