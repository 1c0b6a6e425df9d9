"""The database of one service: transactions with events, row locks, column types."""

from uuid_utils.compat import uuid7

from shared.database.columns import COLUMN_TYPES, Rupiah, as_table, service_metadata, text_enum
from shared.database.driver import await_driver
from shared.database.prepared import PreparedSelect, any_of, attach, placeholder
from shared.database.refusals import insert, refuse_violations
from shared.database.rows import (
    FROM_ON,
    Row,
    acted_by,
    constraint_of,
    load,
    national_scope,
    raw,
    sqlstate_of,
    upsert,
    upsert_with_history,
    vault_of,
    write,
    write_once,
)
from shared.database.store import UNSENT_CHANNEL, Database

__all__ = [
    "COLUMN_TYPES",
    "FROM_ON",
    "UNSENT_CHANNEL",
    "Database",
    "PreparedSelect",
    "Row",
    "Rupiah",
    "acted_by",
    "any_of",
    "as_table",
    "attach",
    "await_driver",
    "constraint_of",
    "insert",
    "load",
    "national_scope",
    "placeholder",
    "raw",
    "refuse_violations",
    "service_metadata",
    "sqlstate_of",
    "text_enum",
    "upsert",
    "upsert_with_history",
    "uuid7",
    "vault_of",
    "write",
    "write_once",
]
