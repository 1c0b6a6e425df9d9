"""The objection: a paper in term, its decision; and what undoes an SK for one family, tahap by tahap (chain.md 4)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, At, Key, Sha256, Table, is_sha256
from shared.database import text_enum


class SanggahState(StrEnum):
    """Where an objection stands; decided is decided, and a further paper is a further sanggah."""

    DIAJUKAN = "DIAJUKAN"
    DITERIMA = "DITERIMA"
    DITOLAK = "DITOLAK"


class LodgedBy(StrEnum):
    """Who objects: the family, somebody in its name, or another citizen (a neighbour, the village)."""

    KELUARGA = "KELUARGA"
    KUASA = "KUASA"
    MASYARAKAT = "MASYARAKAT"


class SanggahChannel(StrEnum):
    """At which desk or line the objection came in; whoever sits there types it in."""

    DESA = "DESA"
    PUSKESOS = "PUSKESOS"
    DINSOS = "DINSOS"
    PENDAMPING = "PENDAMPING"
    CEK_BANSOS = "CEK_BANSOS"
    CALL_CENTER = "CALL_CENTER"
    WHATSAPP = "WHATSAPP"


class SanggahGround(StrEnum):
    """On what the objection stands; the words beside it stay in this service."""

    DATA_TIDAK_SESUAI = "DATA_TIDAK_SESUAI"
    KEADAAN_BERUBAH = "KEADAAN_BERUBAH"
    TIDAK_BERSEDIA = "TIDAK_BERSEDIA"
    PROSEDUR_TIDAK_BENAR = "PROSEDUR_TIDAK_BENAR"
    LAINNYA = "LAINNYA"


class AnnulmentGround(StrEnum):
    """Why an SK is undone for one family; coded, because it travels."""

    SANGGAH_DITERIMA = "SANGGAH_DITERIMA"
    SK_KELIRU = "SK_KELIRU"
    DATA_KELIRU = "DATA_KELIRU"
    PUTUSAN_KEBERATAN = "PUTUSAN_KEBERATAN"
    PUTUSAN_PENGADILAN = "PUTUSAN_PENGADILAN"
    LAINNYA = "LAINNYA"


class Sanggah(Table):
    """One objection on paper: `lodged_on` is the date on it, which decides the term; typed in by somebody, later.

    Nothing of it changes but its state.
    """

    __tablename__ = "sanggah"
    __table_args__ = (
        is_sha256("evidence_sha256"),
        sa.UniqueConstraint("graduasi_id", "evidence_sha256", name="uq_sanggah_one_paper"),
        sa.UniqueConstraint("sanggah_id", "typed_by", "typed_by_sub", name="uq_sanggah_typed_by"),
        sa.Index(
            "uq_sanggah_open", "graduasi_id", unique=True, postgresql_where=sa.text("state = 'DIAJUKAN'")
        ),
        sa.Index(
            "ix_sanggah_open_in_area",
            "kode_wilayah",
            "lodged_on",
            "sanggah_id",
            postgresql_where=sa.text("state = 'DIAJUKAN'"),
        ),
        sa.Index("ix_sanggah_state_lodged_on_sanggah_id", "state", "lodged_on", "sanggah_id"),
    )

    sanggah_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    lodged_on: Mapped[date]
    lodged_by: Mapped[LodgedBy] = mapped_column(text_enum(LodgedBy))
    channel: Mapped[SanggahChannel] = mapped_column(text_enum(SanggahChannel))
    ground: Mapped[SanggahGround] = mapped_column(text_enum(SanggahGround))
    note: Mapped[str | None]
    evidence_sha256: Mapped[Sha256]
    typed_by: Mapped[str]
    typed_by_sub: Mapped[str]
    typed_on: Mapped[date]
    at: Mapped[At]
    state: Mapped[SanggahState] = mapped_column(text_enum(SanggahState))


class SanggahDecision(Table):
    """Who decided an objection, when and why; never who typed it in. Append-only; one for each sanggah."""

    __tablename__ = "sanggah_decision"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["sanggah_id", "typed_by", "typed_by_sub"],
            ["sanggah.sanggah_id", "sanggah.typed_by", "sanggah.typed_by_sub"],
            name="fk_sanggah_decision_sanggah_id",
        ),
        sa.CheckConstraint(
            "decided_by <> typed_by AND decided_by_sub <> typed_by_sub", name="not_by_who_typed_it_in"
        ),
    )

    sanggah_id: Mapped[UUID] = mapped_column(primary_key=True)
    typed_by: Mapped[str]
    typed_by_sub: Mapped[str]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kode_wilayah: Mapped[Area]
    decided_on: Mapped[date]
    decided_by: Mapped[str]
    decided_by_sub: Mapped[str]
    role: Mapped[str]
    reason: Mapped[str]
    at: Mapped[At]


class Annulment(Table):
    """The SK is undone for this family, effect or not; once, and for good. Append-only."""

    __tablename__ = "annulment"

    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"), primary_key=True)
    sanggah_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sanggah.sanggah_id"))
    kode_wilayah: Mapped[Area]
    ground: Mapped[AnnulmentGround] = mapped_column(text_enum(AnnulmentGround))
    reason: Mapped[str]
    was_effective: Mapped[bool]
    annulled_on: Mapped[date]
    annulled_by: Mapped[str]
    at: Mapped[At]


class BackPayment(Table):
    """Whether one tahap that passed meanwhile is paid back, and why. Append-only; caseload answers with it."""

    __tablename__ = "back_payment"

    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("annulment.graduasi_id"), primary_key=True)
    tahap: Mapped[str] = mapped_column(primary_key=True)
    kode_wilayah: Mapped[Area]
    paid: Mapped[bool]
    reason: Mapped[str]
