from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.caseload.tables import OFF, Table
from shared.database.tables import Col


class StagedRow(Table, table=True):
    """A row of an intake file, sealed before it came here. `row_no` counts the file's records, the header is 1.

    `data` holds codes, dates and counts; whoever the row is about is in the sealed columns alone. The table is not
    logged: a crash of PostgreSQL empties it, and an intake that misses its rows stages them again.
    `scattered` marks the rows of a family that do not stand together, `repeated` a NIK that stood further up.
    """

    __table_args__ = (
        sa.Index(
            "ix_staged_row_scattered",
            "job_id",
            "no_kk_index",
            "row_no",
            postgresql_where=sa.text("scattered"),
        ),
        {"prefixes": ["UNLOGGED"]},
    )

    job_id: Col[UUID] = Field(primary_key=True)
    row_no: Col[Annotated[int, sa.BigInteger()]] = Field(primary_key=True)
    no_kk_index: Col[bytes]
    nik_index: Col[bytes | None] = Field(default=None)
    ok: Col[bool]
    digest: Col[bytes]
    no_kk_sealed: Col[bytes | None] = Field(default=None)
    nik_sealed: Col[bytes | None] = Field(default=None)
    name_sealed: Col[bytes | None] = Field(default=None)
    address_sealed: Col[bytes | None] = Field(default=None)
    phone_sealed: Col[bytes | None] = Field(default=None)
    nib_sealed: Col[bytes | None] = Field(default=None)
    data: Col[Annotated[dict[str, Any], JSON()]]
    scattered: Col[bool] = OFF
    repeated: Col[bool] = OFF
