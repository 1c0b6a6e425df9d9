from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, At, Key, Sha256, Table, is_sha256


class Musyawarah(Table):
    """The village's deliberation on a case, with its berita acara. Append-only."""

    __tablename__ = "musyawarah"
    __table_args__ = (is_sha256("evidence_sha256"), sa.Index("ix_musyawarah_graduasi_id", "graduasi_id"))

    musyawarah_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kode_wilayah: Mapped[Area]
    berita_acara_no: Mapped[str]
    held_on: Mapped[date]
    evidence_sha256: Mapped[Sha256]
    at: Mapped[At]
