"""Base class of graduation's tables."""

from typing import Annotated

import sqlalchemy as sa

from shared import fields
from shared.database.tables import Columns, service_registry
from shared.deadlines import Families


class Table(Columns, registry=service_registry()):
    """A table of graduation or of a replica."""


Table.metadata.info["families"] = Families("replica_kpm.dampingan")


Sha256 = Annotated[fields.Sha256, sa.String(64)]


def is_sha256(column: str) -> sa.CheckConstraint:
    """Return the CHECK constraint that a column is a SHA-256 in lower-case hexadecimal."""
    return sa.CheckConstraint(f"{column} ~ '^[0-9a-f]{{64}}$'", name=f"{column}_form")
