from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, Ranged, Table
from shared.database.tables import Col, no_overlap
from shared.fields import Wilayah


class WilayahHistory(Ranged, Table, table=True):
    """A former area of a family. The address is sealed with the row's id.

    A row whose move was recorded in error has `voided_on`, and covers no day.
    """

    __table_args__ = (
        no_overlap("ex_wilayah_history_one_area", "kpm_id", of="valid", where="voided_on IS NULL"),
        sa.CheckConstraint("NOT isempty(valid)", "some_day"),
    )

    wilayah_history_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    kode_wilayah: Col[Wilayah]
    address_sealed: Col[bytes | None] = Field(default=None)
    evidence_sha256: Col[str]
    voided_on: Col[date | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED
