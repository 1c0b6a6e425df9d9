"""What each kind of pilar sosial is and was."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.registry.models import PilarTerms
from shared.contracts.kinds import PilarKind

KIND_ORDER = (PilarTerms.__table__.c.kind, PilarTerms.__table__.c.valid_from)


def kind_list(names: Iterable[str], kind: PilarKind | None, on: date | None) -> Any:
    """Return the select of kinds, narrowed to one or to what holds on a day; order by `KIND_ORDER`."""
    table = PilarTerms.__table__.c
    statement = sa.select(*(table[name] for name in names))
    if kind is not None:
        statement = statement.where(table.kind == kind)
    if on is not None:
        statement = statement.where(
            table.valid_from <= on, sa.or_(table.valid_to.is_(None), table.valid_to > on)
        )
    return statement
