"""What other services own and caseload must know, as they last told."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import Table
from shared.contracts.kinds import Ditjen, PendampingStatus, PilarKind, RujukanProgramState
from shared.database import text_enum


class Pendamping(Table):
    """A pendamping, as registry last told."""

    __tablename__ = "pendamping"
    __table_args__ = (
        sa.Index("ix_pendamping_pendamping_no", "pendamping_no"),
        {"schema": "replica_pendamping"},
    )

    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_no: Mapped[str]
    status: Mapped[PendampingStatus] = mapped_column(text_enum(PendampingStatus, replica=True))
    from_on: Mapped[date]


class Penugasan(Table):
    """A placement of a pendamping, as registry last told; `valid_to` is the first day without."""

    __tablename__ = "penugasan"
    __table_args__ = (
        sa.Index("ix_penugasan_pendamping_id", "pendamping_id"),
        {"schema": "replica_pendamping"},
    )

    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    kind: Mapped[PilarKind] = mapped_column(text_enum(PilarKind, replica=True))
    ditjen: Mapped[Ditjen] = mapped_column(text_enum(Ditjen, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class WilayahTugas(Table):
    """An area of a placement, as registry last told; `valid_to` is the first day outside."""

    __tablename__ = "wilayah_tugas"
    __table_args__ = (
        sa.Index("ix_wilayah_tugas_penugasan_id", "penugasan_id"),
        {"schema": "replica_pendamping"},
    )

    wilayah_tugas_id: Mapped[UUID] = mapped_column(primary_key=True)
    penugasan_id: Mapped[UUID]
    pendamping_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Aid(Table):
    """What another ministry's program offered, answered and delivered, as referral last told. Money in rupiah."""

    __tablename__ = "aid"
    __table_args__ = (sa.Index("ix_aid_kpm_id", "kpm_id"), {"schema": "replica_aid"})

    rujukan_program_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_id: Mapped[UUID]
    graduasi_id: Mapped[UUID]
    kpm_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    program_code: Mapped[str]
    status: Mapped[RujukanProgramState] = mapped_column(text_enum(RujukanProgramState, replica=True))
    amount_rp: Mapped[int | None] = mapped_column(sa.BigInteger)
    sent_on: Mapped[date | None]
    answered_on: Mapped[date | None]
    delivered_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
