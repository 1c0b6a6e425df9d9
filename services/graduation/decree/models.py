from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, At, Key, Sha256, Table, is_sha256


class Sk(Table):
    """A decree: one document, many cases in it. Append-only, but for the count while a job adds cases to it."""

    __tablename__ = "sk"
    __table_args__ = (sa.UniqueConstraint("sk_no", name="uq_sk_sk_no"), is_sha256("evidence_sha256"))

    sk_id: Mapped[Key]
    sk_no: Mapped[str]
    sk_on: Mapped[date]
    announced_on: Mapped[date]
    cases: Mapped[int] = mapped_column(sa.Integer)
    evidence_sha256: Mapped[Sha256 | None]
    determined_by: Mapped[str]
    at: Mapped[At]
    # The job that adds the cases, where the SK was asked for as one.
    job_id: Mapped[UUID | None]


class Penetapan(Table):
    """One case's decision in an SK: when the term ends, and from which tahap the payment stops."""

    __tablename__ = "penetapan"
    __table_args__ = (
        sa.CheckConstraint("term_ends_on >= announced_on", name="term_after_announcement"),
        sa.Index("ix_penetapan_sk_id", "sk_id"),
        sa.Index("ix_penetapan_kode_wilayah", "kode_wilayah"),
    )

    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"), primary_key=True)
    sk_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sk.sk_id"))
    usul_id: Mapped[UUID] = mapped_column(sa.ForeignKey("usul.usul_id"))
    kode_wilayah: Mapped[Area]
    pendamping_id: Mapped[UUID | None]
    penugasan_id: Mapped[UUID | None]
    announced_on: Mapped[date]
    term_ends_on: Mapped[date]
    effective_tahap: Mapped[str]
    effective_on: Mapped[date]
    last_payable_tahap: Mapped[str]
