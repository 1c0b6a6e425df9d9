from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictBool, StrictInt, StringConstraints
from sqlmodel import Field
from sqlmodel._compat import SQLModelConfig

from services.caseload.tables import (
    FROM_HTTP,
    RECORDED,
    VERSION,
    Cancellable,
    Days,
    FamilyAct,
    HistorySubject,
    Ranged,
    Small,
    Source,
    Sourced,
    Table,
)
from shared.contracts.kinds import DesilScope, FamilyEndReason, KomponenKind, Sex
from shared.database.tables import Col, Fields, no_overlap
from shared.field_classes import SPESIFIK
from shared.fields import KNOWN, ONE_LINE, ActingRole, Day, RequestOnly, Wilayah
from shared.phone import Phone
from shared.updates import track_updates


class Relation(StrEnum):
    """A member's relation to the head of the family, as on the family card."""

    KEPALA_KELUARGA = "KEPALA_KELUARGA"
    SUAMI = "SUAMI"
    ISTRI = "ISTRI"
    ANAK = "ANAK"
    MENANTU = "MENANTU"
    CUCU = "CUCU"
    ORANG_TUA = "ORANG_TUA"
    MERTUA = "MERTUA"
    FAMILI_LAIN = "FAMILI_LAIN"
    PEMBANTU = "PEMBANTU"
    LAINNYA = "LAINNYA"


class EndReason(StrEnum):
    """Why a person has left a family. TIDAK_DALAM_DATA: missing in a later intake file."""

    MENINGGAL = "MENINGGAL"
    KAWIN_KELUAR = "KAWIN_KELUAR"
    PINDAH = "PINDAH"
    PISAH_KK = "PISAH_KK"
    TIDAK_DALAM_DATA = "TIDAK_DALAM_DATA"
    LAINNYA = "LAINNYA"


class KpmVersionView(Fields):
    """Area and version of a family after a change."""

    kpm_id: Col[UUID] = Field(primary_key=True)
    kode_wilayah: Col[Wilayah]
    version: Col[int] = VERSION


class Kpm(KpmVersionView, Table, table=True):
    """A family (keluarga penerima manfaat).

    Address and phone are sealed with `sealed_for`, the index of the family card of their intake row.
    `facts` is the last published `KpmFacts` (docs/architecture.md#personal-data). It is valid until the day `facts_until`, when a komponen ends
    or a member reaches an age. `intake_digest` detects an intake row that has not changed. A family ends on `ended_on`,
    when its only member dies or joins another family (docs/case-lifecycle.md#end-of-a-family).
    """

    __table_args__ = (
        *track_updates("kpm_id"),
        sa.Index("ix_kpm_kode_wilayah_kpm_id", "kode_wilayah", "kpm_id"),
        sa.CheckConstraint("num_nulls(ended_on, end_reason, end_recorded_on) IN (0, 3)", "end_is_complete"),
    )

    sealed_for: Col[bytes]
    address_sealed: Col[bytes | None] = Field(default=None)
    phone_sealed: Col[bytes | None] = Field(default=None)
    facts: Col[dict[str, Any]]
    facts_until: Col[date | None] = Field(default=None, index=True)
    intake_digest: Col[bytes | None] = Field(default=None)
    intake_as_of: Col[date | None] = Field(default=None)
    address_as_of: Col[date | None] = Field(default=None)
    address_source: Col[Source] = FROM_HTTP
    contact_as_of: Col[date | None] = Field(default=None)
    contact_source: Col[Source] = FROM_HTTP
    pengurus_as_of: Col[date | None] = Field(default=None)
    pengurus_source: Col[Source] = FROM_HTTP
    ended_on: Col[date | None] = Field(default=None)
    end_reason: Col[FamilyEndReason | None] = Field(default=None)
    end_recorded_on: Col[date | None] = Field(default=None)
    registered_at: Col[datetime] = RECORDED


class KpmNoKk(Ranged, Table, table=True):
    """A family's No. KK in a period. It changes with the family card."""

    __table_args__ = (
        # Fast path: compare eight bytes first. Comparing the whole index makes an insert 4x as slow.
        no_overlap(
            "ex_kpm_no_kk_one_family", "(substring(no_kk_index, 1, 8)::bigint)", "no_kk_index", of="valid"
        ),
        no_overlap("ex_kpm_no_kk_one_card", "kpm_id", of="valid"),
        sa.Index("ix_kpm_no_kk_no_kk_index", "no_kk_index"),
    )

    kpm_no_kk_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    no_kk_index: Col[bytes]
    no_kk_sealed: Col[bytes]


Home = Annotated[
    str, ONE_LINE, StringConstraints(min_length=1, max_length=300), RequestOnly("Dusun Krajan RT 2")
]
"""An address without its area."""


class ContactTerms(Fields):
    """Address and phone of a family. What is left out stays, null clears it."""

    address: Home | None = None
    phone: Phone | None = None


class Kinship(Fields):
    """A member's relation to the head of the family, and whether they are married."""

    relation: Col[Relation]
    married: Col[StrictBool]


class AnggotaFacts(Kinship):
    """Personal attributes that are not sealed."""

    birth_on: Col[Day]
    sex: Col[Annotated[Sex, KNOWN]]


class Belonging(Kinship):
    """A member's role and period in a family."""

    anggota_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    pengurus: Col[bool]
    joined_on: Col[date]
    left_on: Col[date | None] = Field(default=None)
    end_reason: Col[EndReason | None] = Field(default=None)


class KpmAnggota(AnggotaFacts, Belonging, Sourced, Table, table=True):
    """A person in a family. The row stays when the person leaves.

    NIK and name are sealed with `nik_index`. A child without a NIK has an index of card, name and birth date instead.
    """

    __table_args__ = (
        sa.UniqueConstraint("nik_index", name="uq_kpm_anggota_nik_index"),
        sa.Index(
            "uq_kpm_anggota_pengurus",
            "kpm_id",
            unique=True,
            postgresql_where=sa.text("pengurus AND left_on IS NULL"),
        ),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", "left_after_joining"),
        sa.CheckConstraint("(left_on IS NULL) = (end_reason IS NULL)", "left_has_reason"),
    )

    nik_index: Col[bytes]
    nik_sealed: Col[bytes | None] = Field(default=None)
    name_sealed: Col[bytes]


class KomponenTerms(Fields):
    """Member and kind of a komponen."""

    anggota_id: Col[UUID] = Field(foreign_key="kpm_anggota.anggota_id")
    kind: Col[Annotated[KomponenKind, KNOWN]]


class KomponenFacts(KomponenTerms):
    """A komponen without its period."""

    komponen_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    version: Col[int] = VERSION


class KomponenRowView(KomponenFacts, Days):
    """A komponen of a member. `valid_to` is the first day without it."""


class Komponen(KomponenFacts, Cancellable, Sourced, Table, table=True):
    """A member's reason for PKH entitlement in a period, empty if voided (docs/domain.md#komponen)."""

    __table_args__ = (
        no_overlap("ex_komponen_once_at_a_time", "anggota_id", "kind", of="valid"),
        sa.CheckConstraint("isempty(valid) = (cancelled_from IS NOT NULL)", "cancelled_is_empty"),
    )


class DesilKey(Fields):
    """Population and DTSEN snapshot of a welfare decile."""

    scope: Col[Annotated[DesilScope, KNOWN]] = Field(primary_key=True)
    snapshot: Col[
        Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-Q[1-4]$"), RequestOnly("2026-Q2")]
    ] = Field(primary_key=True)


class DesilTerms(DesilKey):
    """A welfare decile of a family: 1 poorest to 10, or null to remove it."""

    value: Col[Annotated[StrictInt, Interval(ge=1, le=10), sa.SmallInteger(), RequestOnly(4)] | None]


class DesilItem(DesilKey):
    model_config = SQLModelConfig(from_attributes=True)

    value: int
    recorded_at: datetime


class Desil(DesilTerms, Sourced, Table, table=True):
    """A welfare decile of a family, null if it was removed. Older snapshots stay."""

    __table_args__ = (
        sa.PrimaryKeyConstraint("kpm_id", "scope", "snapshot"),
        sa.CheckConstraint("value BETWEEN 1 AND 10", "value_in_range"),
        sa.CheckConstraint("snapshot ~ '^[0-9]{4}-Q[1-4]$'", "snapshot_form"),
    )

    kpm_id: Col[UUID] = Field(primary_key=True, foreign_key="kpm.kpm_id")
    recorded_at: Col[datetime] = RECORDED


class AgeRule(Ranged, Table, table=True):
    """Ages at which a person can earn, counts as lansia, and needs a NIK."""

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    able_from: Col[Small]
    able_below: Col[Small]
    lansia_from: Col[Small]
    without_nik_below: Col[Small]
    source: Col[str]


class KpmHistoryItem(Fields):
    """An act on a family. Clients may send a `reason_code` of their own."""

    history_id: Col[UUID] = Field(primary_key=True)
    subject: Col[HistorySubject]
    subject_id: Col[UUID]
    act: Col[FamilyAct]
    sub: Col[str]
    role: Col[ActingRole]
    pendamping_id: Col[UUID | None]
    reason_code: Col[Annotated[str | None, SPESIFIK]]
    detail: Col[Annotated[dict[str, Any], SPESIFIK]] = Field(sa_column_kwargs={"server_default": "{}"})
    occurred_at: Col[datetime]


class KpmHistory(KpmHistoryItem, Table, table=True):
    """An act on a family: what, by whom, when and why. Append-only."""

    __table_args__ = (sa.Index("ix_kpm_history_kpm_id", "kpm_id", "history_id"),)

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id")
    recorded_at: Col[datetime] = RECORDED


class AnggotaHistory(Ranged, Table, table=True):
    """A former period of a person who has joined a family again."""

    __table_args__ = (
        no_overlap("ex_anggota_history_one_family", "anggota_id", of="valid"),
        sa.CheckConstraint("NOT isempty(valid)", "some_day"),
    )

    anggota_history_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    anggota_id: Col[UUID] = Field(foreign_key="kpm_anggota.anggota_id")
    relation: Col[Relation]
    end_reason: Col[EndReason]
    recorded_at: Col[datetime] = RECORDED
