"""Select kinds of pilar sosial and conflicts between them, current and past."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.registry.kind.models import PilarKindVersion, RoleConflict
from shared.contracts.kinds import PilarKind
from shared.validity import valid_on

KIND_ORDER = tuple(PilarKindVersion.__table__.c[name] for name in ("kind", "valid_from", "pilar_kind_id"))


def select_kinds(columns: Iterable[str], kind: PilarKind | None, on: date | None) -> Any:
    """Return a select of kind versions, filtered by kind and by day.

    Order it by `KIND_ORDER`.
    """
    table = PilarKindVersion.__table__.c
    statement = sa.select(*(table[name] for name in columns))
    if kind is not None:
        statement = statement.where(table.kind == kind)
    return statement if on is None else statement.where(valid_on(table.valid_from, table.valid_to, on))


CONFLICT_ORDER = (RoleConflict.__table__.c.role_conflict_id,)


def select_conflicts(columns: Iterable[str], kind: PilarKind | None, on: date | None) -> Any:
    """Return a select of conflicts, filtered by kind (first or second) and by day."""
    table = RoleConflict.__table__.c
    statement = sa.select(*(table[name] for name in columns))
    if kind is not None:
        statement = statement.where(sa.or_(table.kind == kind, table.other_kind == kind.value))
    return statement if on is None else statement.where(valid_on(table.valid_from, table.valid_to, on))
