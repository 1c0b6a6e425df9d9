"""Who serves, in what and where, as registry last told; filled by the subscription `pendamping`."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.models.table import Table
from shared.contracts.kinds import PendampingStatus
from shared.database import text_enum

SCHEMA = {"schema": "replica_pendamping"}


class Pendamping(Table):
    """A pendamping's status from a date on, as registry last told: anything but AKTIF means no new acts."""

    __tablename__ = "pendamping"
    __table_args__ = SCHEMA

    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus, replica=True))


class Penugasan(Table):
    """In which range a pendamping serves, as registry last told; `valid_to` is the first day without."""

    __tablename__ = "penugasan"
    __table_args__: Any = (sa.Index("ix_penugasan_pendamping_id", "pendamping_id"), SCHEMA)

    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class WilayahTugas(Table):
    """Which area a placement covers, as registry last told; `valid_to` is the first day outside."""

    __tablename__ = "wilayah_tugas"
    __table_args__: Any = (sa.Index("ix_wilayah_tugas_pendamping_id", "pendamping_id"), SCHEMA)

    wilayah_tugas_id: Mapped[UUID] = mapped_column(primary_key=True)
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
