from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import Table


class StagedRow(Table):
    """A row of an intake file, sealed before it came here. `row_no` counts the file's records, the header is 1.

    `data` holds codes, dates and counts; whoever the row is about is in the sealed columns alone. The table is not
    logged: a crash of PostgreSQL empties it, and an intake that misses its rows stages them again.
    `scattered` marks the rows of a family that do not stand together, `repeated` a NIK that stood further up.
    """

    __tablename__ = "staged_row"
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

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_no: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    no_kk_index: Mapped[bytes]
    nik_index: Mapped[bytes | None]
    ok: Mapped[bool]
    digest: Mapped[bytes]
    no_kk_sealed: Mapped[bytes | None]
    nik_sealed: Mapped[bytes | None]
    name_sealed: Mapped[bytes | None]
    address_sealed: Mapped[bytes | None]
    phone_sealed: Mapped[bytes | None]
    nib_sealed: Mapped[bytes | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    scattered: Mapped[bool] = mapped_column(server_default=sa.false())
    repeated: Mapped[bool] = mapped_column(server_default=sa.false())
