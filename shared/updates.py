"""The instant of a row's last change, which lists of changing things filter by.

A trigger sets it, so that a bulk statement or the driver's connection cannot forget it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

UPDATED_AT = "updated_at"
LONGEST_TRANSACTION = timedelta(minutes=2)
"""PostgreSQL ends a longer transaction. A row may be visible so much later than its `updated_at`."""


def track_updates(key: str | None = None) -> Iterator[sa.Column[datetime] | sa.Index]:
    """Return the column for `__table_args__`, and with a unique `key` its index.

    Models do not map the column: no command reads it, and an ORM object would show it out of date.
    """
    yield sa.Column(
        UPDATED_AT, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    )
    if key is not None:
        yield sa.Index(None, UPDATED_AT, key)


def update_trigger_of(table: sa.Table) -> str | None:
    """Return the statement that creates the trigger of a table with `updated_at`."""
    if UPDATED_AT not in table.c:
        return None
    return (
        f"CREATE TRIGGER updated BEFORE UPDATE ON {table.fullname} FOR EACH ROW\n"
        "    EXECUTE FUNCTION platform.set_updated_at()"
    )
