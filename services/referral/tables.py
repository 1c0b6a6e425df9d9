"""The base of referral's tables."""

from shared.database.tables import Columns, service_registry


class Table(Columns, registry=service_registry()):
    """A table of referral."""
