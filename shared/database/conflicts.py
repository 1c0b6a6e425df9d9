"""Find the row with which a new row conflicts, by the violated constraint."""

import re
from collections.abc import Iterator
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from shared.database.tables import Model

Statement = sa.Select[Any]


def select_existing(row: Model, constraint: str) -> Statement | None:
    """Return a select of the id of the row that a new row conflicts with.

    It is None for a table without a single id.

    It runs in another transaction, because the violation has ended the one of the new row.
    """
    table = cast("sa.Table", row.__table__)
    keys = list(table.primary_key)
    parts = list(_parts_of(table, constraint))
    if len(keys) != 1 or not parts:
        return None
    conditions = [
        sa.literal_column(text).op(operator)(_value_of(row, table, text))
        for text, operator in parts
        if operator
    ]
    predicates = [sa.text(text) for text, operator in parts if not operator]
    return sa.select(keys[0]).where(*conditions, *predicates).order_by(keys[0]).limit(1)


def _parts_of(table: sa.Table, constraint: str) -> Iterator[tuple[str, str]]:
    """Yield each expression of a constraint with its operator, and its predicate without one."""
    for one in (*table.constraints, *table.indexes):
        if one.name != constraint:
            continue
        where = one.dialect_options["postgresql"]["where"] if isinstance(one, sa.Index) else None
        if isinstance(one, ExcludeConstraint):
            yield from ((_text_of(part), operator) for part, _, operator in one._render_exprs)  # noqa: SLF001 (no public name)
            where = one.where
        elif isinstance(one, sa.Index):
            yield from ((_text_of(part), "=") for part in one.expressions)
        elif isinstance(one, sa.UniqueConstraint):
            yield from ((column.name, "=") for column in one.columns)
        if where is not None:
            yield (_text_of(where), "")


def _text_of(part: Any) -> str:
    return part.name if isinstance(part, sa.Column) else str(part)


def _value_of(row: Model, table: sa.Table, text: str) -> sa.ScalarSelect[Any]:
    """Return the expression over the values of the new row."""
    columns = [column for column in table.columns if re.search(rf"\b{column.name}\b", text)]
    values = (sa.cast(vars(row).get(column.name), column.type).label(column.name) for column in columns)
    return (
        sa.select(sa.literal_column(text)).select_from(sa.select(*values).subquery("new")).scalar_subquery()
    )
