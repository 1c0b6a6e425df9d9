"""How many families one pendamping may have, now, before and later."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from services.caseload.models import DampinganLimit
from shared.contracts.kinds import PilarKind

LIMIT_ORDER = (DampinganLimit.kind, DampinganLimit.version)


def list_limits(kind: PilarKind | None, on: date | None) -> sa.Select[*tuple[Any, ...]]:
    """Return the select of versions, narrowed to a kind or to what holds on a day; order by `LIMIT_ORDER`."""
    table = DampinganLimit
    valid = (sa.func.lower(table.valid).label("valid_from"), sa.func.upper(table.valid).label("valid_to"))
    columns = (table.kind, table.version, table.warn_above, table.refuse_above, table.basis, table.set_by)
    statement = sa.select(*columns, table.set_at, *valid)
    if kind is not None:
        statement = statement.where(table.kind == kind)
    return statement if on is None else statement.where(table.valid.contains(on))
