"""The base of registry's tables.

Ranges are half open. `valid_to` is the first day after the range.
"""

from shared.database.tables import Columns, service_registry


class Table(Columns, registry=service_registry()):
    """A table of registry."""
