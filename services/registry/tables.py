"""The base of registry's tables. Ranges are half open: `valid_to` is the first day outside."""

from collections.abc import Iterable

from shared.database.tables import Columns, service_registry


class Table(Columns, registry=service_registry()):
    """A table of registry."""


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that a text column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
