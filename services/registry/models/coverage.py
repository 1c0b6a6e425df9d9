"""Families and their memberships as caseload last told: counted by area, never listed."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.table import Table
from shared.contracts.kinds import (
    Bansos,
    ExitReason,
)
from shared.database import text_enum


class Kpm(Table):
    """A family lives in an area, as caseload last told."""

    __tablename__ = "kpm"
    __table_args__ = (
        sa.Index("ix_kpm_kode_wilayah_kpm_id", "kode_wilayah", "kpm_id"),
        {"schema": "replica_coverage"},
    )

    kpm_id: Mapped[UUID] = mapped_column(primary_key=True)
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))


class Kepesertaan(Table):
    """A family's membership in a bansos for a time, as caseload last told; restored: as if it had never ended."""

    __tablename__ = "kepesertaan"
    __table_args__ = (
        sa.Index("ix_kepesertaan_kpm_id", "kpm_id"),
        sa.Index("ix_kepesertaan_kode_wilayah_valid_from", "kode_wilayah", "valid_from"),
        {"schema": "replica_coverage"},
    )

    kepesertaan_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str] = mapped_column(sa.Text(collation="C"))
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos, replica=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    exit_reason: Mapped[ExitReason | None] = mapped_column(text_enum(ExitReason, replica=True))
    graduasi_id: Mapped[UUID | None]
