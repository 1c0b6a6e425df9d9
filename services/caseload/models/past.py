"""What was true of a family before: only ever added to, each row for the days of which it was true."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.models.family import EndReason, Relation
from services.caseload.models.table import At, Dates, Kode, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import UsahaSector
from shared.database import text_enum


class AnggotaPast(Table):
    """Where somebody belonged before: who came back or went to another family has such days."""

    __tablename__ = "anggota_past"
    __table_args__ = (
        ExcludeConstraint(("anggota_id", "="), ("valid", "&&"), name="ex_anggota_past_one_family"),
        sa.CheckConstraint("NOT isempty(valid)", name="some_day"),
    )

    anggota_past_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    anggota_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kpm_anggota.anggota_id"))
    relation: Mapped[Relation] = mapped_column(text_enum(Relation))
    end_reason: Mapped[EndReason] = mapped_column(text_enum(EndReason))
    valid: Mapped[Dates]
    recorded_at: Mapped[Recorded]


class WilayahPast(Table):
    """Where a family lived before; the address is sealed for its own id."""

    __tablename__ = "wilayah_past"
    __table_args__ = (
        ExcludeConstraint(("kpm_id", "="), ("valid", "&&"), name="ex_wilayah_past_one_area"),
        sa.CheckConstraint("NOT isempty(valid)", name="some_day"),
    )

    wilayah_past_id: Mapped[Made]
    kpm_id: Mapped[KpmRef]
    kode_wilayah: Mapped[Kode]
    address_sealed: Mapped[bytes | None]
    evidence_sha256: Mapped[str]
    valid: Mapped[Dates]
    recorded_at: Mapped[Recorded]


class UsahaPast(Table):
    """A business as it was, up to the revision that replaced it."""

    __tablename__ = "usaha_past"

    usaha_id: Mapped[UUID] = mapped_column(sa.ForeignKey("usaha.usaha_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    sector: Mapped[UsahaSector] = mapped_column(text_enum(UsahaSector))
    started_on: Mapped[date]
    omzet_rp: Mapped[int] = mapped_column(sa.BigInteger)
    has_nib: Mapped[bool]
    has_letter: Mapped[bool]
    as_of: Mapped[date | None]
    recorded_at: Mapped[At]
    replaced_at: Mapped[Recorded]
