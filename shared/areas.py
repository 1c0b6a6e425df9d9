"""Conditions on columns of area codes, compared by bytes."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from shared.wilayah import NATIONAL


def in_areas(column: sa.SQLColumnExpression[Any], areas: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a code lies in one of `areas`.

    "*" is the whole country. Without areas no row matches.
    """
    codes = list(areas)
    if NATIONAL in codes:
        return sa.true()
    # As ranges, which an index can serve. In bytes "." < "/", so 33.24/ is the upper bound of all codes below 33.24.
    return sa.or_(sa.false(), *(sa.and_(column >= code, column < f"{code}/") for code in codes))


def is_in_area(
    code: sa.SQLColumnExpression[Any], area: sa.SQLColumnExpression[Any]
) -> sa.ColumnElement[bool]:
    """Return the condition that a code lies in the area of another column."""
    return sa.or_(area == code, code.startswith(area + "."))
