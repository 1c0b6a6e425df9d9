"""What each kind of pilar sosial is and was, and which two of them conflict."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.registry.kind.models import PilarKindVersion, RoleConflict
from shared.contracts.kinds import PilarKind
from shared.validity import holds_on

KIND_ORDER = (PilarKindVersion.__table__.c.kind, PilarKindVersion.__table__.c.valid_from)


def kind_list(names: Iterable[str], kind: PilarKind | None, on: date | None) -> Any:
    """Return the select of kinds, narrowed to one or to what holds on a day; order by `KIND_ORDER`."""
    table = PilarKindVersion.__table__.c
    statement = sa.select(*(table[name] for name in names))
    if kind is not None:
        statement = statement.where(table.kind == kind)
    return statement if on is None else statement.where(holds_on(table.valid_from, table.valid_to, on))


CONFLICT_ORDER = (RoleConflict.__table__.c.role_conflict_id,)


def conflict_list(names: Iterable[str], kind: PilarKind | None, on: date | None) -> Any:
    """Return the select of conflicts, narrowed to those of a kind, named first or second, or to a day."""
    table = RoleConflict.__table__.c
    statement = sa.select(*(table[name] for name in names))
    if kind is not None:
        statement = statement.where(sa.or_(table.kind == kind, table.other_kind == kind.value))
    return statement if on is None else statement.where(holds_on(table.valid_from, table.valid_to, on))
