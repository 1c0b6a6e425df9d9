from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Dates, Kode, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import DesilScope, KomponenKind, Sex
from shared.database import text_enum


class Relation(StrEnum):
    """A member's relation to the head of the family, as on the family card (status hubungan dalam keluarga)."""

    KEPALA_KELUARGA = "KEPALA_KELUARGA"
    SUAMI = "SUAMI"
    ISTRI = "ISTRI"
    ANAK = "ANAK"
    MENANTU = "MENANTU"
    CUCU = "CUCU"
    ORANG_TUA = "ORANG_TUA"
    MERTUA = "MERTUA"
    FAMILI_LAIN = "FAMILI_LAIN"
    LAINNYA = "LAINNYA"


class EndReason(StrEnum):
    """Why somebody no longer belongs to a family; TIDAK_DALAM_DATA: an intake no longer named them."""

    MENINGGAL = "MENINGGAL"
    KAWIN_KELUAR = "KAWIN_KELUAR"
    PINDAH = "PINDAH"
    PISAH_KK = "PISAH_KK"
    TIDAK_DALAM_DATA = "TIDAK_DALAM_DATA"
    LAINNYA = "LAINNYA"


class Kpm(Table):
    """A family. Address and phone are sealed for `sealed_for`, the index of the card under which they came in.

    `facts` is what other services were last told (chain.md 6), true until the day `facts_until`, on which a komponen or
    an age changes them by the calendar alone; `intake_digest` knows a file's rows again.
    """

    __tablename__ = "kpm"
    __table_args__ = (
        sa.Index("ix_kpm_kode_wilayah_kpm_id", "kode_wilayah", "kpm_id"),
        sa.Index("ix_kpm_facts_until", "facts_until"),
    )

    kpm_id: Mapped[Made]
    kode_wilayah: Mapped[Kode]
    sealed_for: Mapped[bytes]
    address_sealed: Mapped[bytes | None]
    phone_sealed: Mapped[bytes | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    facts_until: Mapped[date | None]
    intake_digest: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(server_default="1")
    registered_at: Mapped[Recorded]
    changed_at: Mapped[Recorded]


class KpmNoKk(Table):
    """Under which family card a family is known, and when: a card changes with the family and is never its key."""

    __tablename__ = "kpm_no_kk"
    __table_args__ = (
        # Eight bytes first: comparing whole keys of bytes costs an insert four times as much.
        ExcludeConstraint(
            (sa.literal_column("(substring(no_kk_index, 1, 8)::bigint)"), "="),
            ("no_kk_index", "="),
            ("valid", "&&"),
            name="ex_kpm_no_kk_one_family",
        ),
        ExcludeConstraint(("kpm_id", "="), ("valid", "&&"), name="ex_kpm_no_kk_one_card"),
        sa.Index("ix_kpm_no_kk_no_kk_index", "no_kk_index"),
    )

    kpm_no_kk_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    no_kk_index: Mapped[bytes]
    no_kk_sealed: Mapped[bytes]
    valid: Mapped[Dates]


class KpmAnggota(Table):
    """A person in a family. NIK and name are sealed for `nik_index`; who left keeps the row, with the date."""

    __tablename__ = "kpm_anggota"
    __table_args__ = (
        sa.UniqueConstraint("nik_index", name="uq_kpm_anggota_nik_index"),
        sa.Index(
            "uq_kpm_anggota_pengurus",
            "kpm_id",
            unique=True,
            postgresql_where=sa.text("pengurus AND left_on IS NULL"),
        ),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="left_after_joining"),
        sa.CheckConstraint("(left_on IS NULL) = (end_reason IS NULL)", name="left_for_a_reason"),
    )

    anggota_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    nik_index: Mapped[bytes]
    nik_sealed: Mapped[bytes]
    name_sealed: Mapped[bytes]
    birth_on: Mapped[date]
    sex: Mapped[Sex] = mapped_column(text_enum(Sex))
    relation: Mapped[Relation] = mapped_column(text_enum(Relation))
    married: Mapped[bool]
    pengurus: Mapped[bool]
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    end_reason: Mapped[EndReason | None] = mapped_column(text_enum(EndReason))


class Komponen(Table):
    """What in a family gives PKH entitlement: of a member, from a day, perhaps to a known one (domain.md 6.4)."""

    __tablename__ = "komponen"
    __table_args__ = (
        ExcludeConstraint(
            ("anggota_id", "="), ("kind", "="), ("valid", "&&"), name="ex_komponen_once_at_a_time"
        ),
    )

    komponen_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    anggota_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kpm_anggota.anggota_id"))
    kind: Mapped[KomponenKind] = mapped_column(text_enum(KomponenKind))
    valid: Mapped[Dates]
    version: Mapped[int] = mapped_column(server_default="1")


class Desil(Table):
    """A welfare decile in its population and DTSEN snapshot; older snapshots stay."""

    __tablename__ = "desil"
    __table_args__ = (
        sa.CheckConstraint("value BETWEEN 1 AND 10", name="value_in_range"),
        sa.CheckConstraint("snapshot ~ '^[0-9]{4}-Q[1-4]$'", name="snapshot_form"),
    )

    kpm_id: Mapped[KpmRef] = mapped_column(primary_key=True)
    scope: Mapped[DesilScope] = mapped_column(text_enum(DesilScope), primary_key=True)
    snapshot: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(sa.SmallInteger)
    recorded_at: Mapped[Recorded]


class AgeRule(Table):
    """From what age somebody is able to earn, up to which, and old: data, because rule and practice differ."""

    __tablename__ = "age_rule"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    able_from: Mapped[int] = mapped_column(sa.SmallInteger)
    able_below: Mapped[int] = mapped_column(sa.SmallInteger)
    lansia_from: Mapped[int] = mapped_column(sa.SmallInteger)
    valid: Mapped[Dates]
    source: Mapped[str]


class KpmHistory(Table):
    """What was done to a family, by whom, when and why; only ever added to."""

    __tablename__ = "kpm_history"
    __table_args__ = (sa.Index("ix_kpm_history_kpm_id", "kpm_id", "history_id"),)

    history_id: Mapped[Made]
    kpm_id: Mapped[KpmRef]
    subject: Mapped[str]
    subject_id: Mapped[UUID]
    act: Mapped[str]
    who: Mapped[str]
    why: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    occurred_at: Mapped[At]
    recorded_at: Mapped[Recorded]


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
