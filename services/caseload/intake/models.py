from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.caseload.tables import OFF, Table
from shared.database.tables import Col


class StagedRow(Table, table=True):
    """A row of an intake file on which the whole file decides.

    `row_no` is the line of the file. `data` holds codes, dates and counts. Personal data is only in
    the sealed columns. The table is UNLOGGED: a crash of PostgreSQL empties it, and the intake stages its rows again.
    `repeated` marks a NIK that an earlier row has.
    """

    __table_args__ = (
        sa.Index("ix_staged_row_no_kk_index", "job_id", "no_kk_index"),
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
    repeated: Col[bool] = OFF
