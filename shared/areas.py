"""Conditions on columns of area codes. Codes compare by bytes: what lies below 33.24 lies before 33.24/."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from shared.wilayah import NATIONAL


def in_areas(column: sa.SQLColumnExpression[Any], areas: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a code is one of `areas` or lies below one, as ranges that an index serves.

    "*" is the country. No area, no rows.
    """
    codes = list(areas)
    if NATIONAL in codes:
        return sa.true()
    return sa.or_(sa.false(), *(sa.and_(column >= code, column < f"{code}/") for code in codes))


def lies_in(code: sa.SQLColumnExpression[Any], area: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a code is the area of another column or lies below it."""
    return sa.or_(area == code, code.startswith(area + "."))
