"""What became of a pendamping's graduates: as graduation last told whether it held, and referral who took over.

Only `graduasi` says whose they are and where; the rest is reached through it, and has no area of its own.
"""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.table import Table
from shared.contracts.kinds import (
    ExitReason,
    RefusalCode,
    RujukanProgramState,
)
from shared.database import text_enum


class Graduasi(Table):
    """A case that stands in an SK, and whether it took effect or was undone, as graduation last told."""

    __tablename__ = "graduasi"
    __table_args__ = (
        sa.Index("ix_graduasi_pendamping_id_sk_on", "pendamping_id", "sk_on"),
        sa.Index("ix_graduasi_kpm_id", "kpm_id"),
        {"schema": "replica_graduasi"},
    )

    graduasi_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason, replica=True))
    pendamping_id: Mapped[UUID | None]
    sk_on: Mapped[date | None]
    effective_on: Mapped[date | None]
    annulled_on: Mapped[date | None]


class Monitoring(Table):
    """What was seen of a graduate in a month after the exit, as graduation last told."""

    __tablename__ = "monitoring"
    __table_args__ = ({"schema": "replica_graduasi"},)

    graduasi_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    still_out: Mapped[bool]
    recorded_on: Mapped[date]


class Relapse(Table):
    """A graduate has fallen back, as graduation last told."""

    __tablename__ = "relapse"
    __table_args__ = ({"schema": "replica_graduasi"},)

    graduasi_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[int]
    confirmed_on: Mapped[date]


class Rujukan(Table):
    """A graduate's case with referral, as referral last told."""

    __tablename__ = "rujukan"
    __table_args__ = (
        sa.Index("ix_rujukan_graduasi_id", "graduasi_id"),
        {"schema": "replica_rujukan"},
    )

    rujukan_id: Mapped[UUID] = mapped_column(primary_key=True)
    graduasi_id: Mapped[UUID]


class RujukanProgram(Table):
    """One offer to one partner and how far it came, as referral last told; `answer` is the partner's last word."""

    __tablename__ = "rujukan_program"
    __table_args__ = (
        sa.Index("ix_rujukan_program_graduasi_id", "graduasi_id"),
        {"schema": "replica_rujukan"},
    )

    rujukan_program_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_id: Mapped[UUID]
    graduasi_id: Mapped[UUID]
    program_code: Mapped[str]
    sent_on: Mapped[date | None]
    answered_on: Mapped[date | None]
    answer: Mapped[RujukanProgramState | None] = mapped_column(text_enum(RujukanProgramState, replica=True))
    reason_code: Mapped[RefusalCode | None] = mapped_column(text_enum(RefusalCode, replica=True))
    delivered_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
