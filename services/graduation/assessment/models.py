from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, At, Key, Sha256, Table, is_sha256
from shared.contracts.kinds import AsesmenResult
from shared.database import text_enum


class Asesmen(Table):
    """One assessment: the answers, the facts as they were known then, the result and a sentence per criterion.

    Append-only. It never ends anything by itself (domain.md 4.3).
    """

    __tablename__ = "asesmen"
    __table_args__ = (sa.Index("ix_asesmen_graduasi_id", "graduasi_id"),)

    asesmen_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    policy_id: Mapped[UUID] = mapped_column(sa.ForeignKey("policy.policy_id"))
    instrument_version: Mapped[int] = mapped_column(sa.Integer)
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    assessed_on: Mapped[date]
    at: Mapped[At]
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[AsesmenResult] = mapped_column(text_enum(AsesmenResult))
    score_percent: Mapped[int] = mapped_column(sa.Integer)
    bersedia: Mapped[bool | None]
    explanation: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Pernyataan(Table):
    """The family's signed statement, after it saw what would be offered. Append-only."""

    __tablename__ = "pernyataan"
    __table_args__ = (
        is_sha256("evidence_sha256"),
        is_sha256("offers_sha256"),
        sa.UniqueConstraint("asesmen_id", name="uq_pernyataan_asesmen_id"),
        sa.Index("ix_pernyataan_graduasi_id", "graduasi_id"),
    )

    pernyataan_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    asesmen_id: Mapped[UUID] = mapped_column(sa.ForeignKey("asesmen.asesmen_id"))
    kode_wilayah: Mapped[Area]
    signed_on: Mapped[date]
    evidence_sha256: Mapped[Sha256]
    offers_sha256: Mapped[Sha256]
    pendamping_id: Mapped[UUID]
    at: Mapped[At]


class Usul(Table):
    """A proposal, pinned to an assessment (where the policy scores) and to the policy version. Append-only."""

    __tablename__ = "usul"
    __table_args__ = (sa.Index("ix_usul_graduasi_id", "graduasi_id"),)

    usul_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    asesmen_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("asesmen.asesmen_id"))
    pernyataan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("pernyataan.pernyataan_id"))
    policy_id: Mapped[UUID] = mapped_column(sa.ForeignKey("policy.policy_id"))
    kode_wilayah: Mapped[Area]
    # To whom a penetapan would count: the author of the assessment, on short paths the proposer (chain.md 4).
    # An official who proposed an exit has no placement, and nothing counts.
    pendamping_id: Mapped[UUID | None]
    penugasan_id: Mapped[UUID | None]
    # Who proposed, and under which placement: a crediting rule may ask for these instead.
    proposer_pendamping_id: Mapped[UUID | None]
    proposer_penugasan_id: Mapped[UUID | None]
    proposed_by: Mapped[str]
    proposed_on: Mapped[date]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[At]
