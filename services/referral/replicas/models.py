"""Replicas from events of registry and caseload. Only subscribers write them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.tables import Table
from shared.accompaniment import StatusFacts
from shared.contracts.kinds import DampinganPurpose, FamilyEndReason, Sex, UsahaSector
from shared.database.tables import Col, Fields

KPM_SCHEMA = {"schema": "replica_kpm"}
PENDAMPING_SCHEMA = {"schema": "replica_pendamping"}


class StatusRange(StatusFacts, Table, table=True):
    """A pendamping's status from a day on, from registry. Only AKTIF may act."""

    __tablename__ = "pendamping_status"
    __table_args__ = PENDAMPING_SCHEMA


class Penugasan(Table, table=True):
    """The range in which a pendamping serves. `valid_to` is the first day outside."""

    __table_args__ = PENDAMPING_SCHEMA

    penugasan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(index=True)
    valid_from: Col[date]
    valid_to: Col[date | None]


class WilayahTugas(Table, table=True):
    """An area of a placement. `valid_to` is the first day outside."""

    __table_args__ = PENDAMPING_SCHEMA

    wilayah_tugas_id: Col[UUID] = Field(primary_key=True)
    penugasan_id: Col[UUID]
    pendamping_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[str]
    valid_from: Col[date]
    valid_to: Col[date | None]


class KpmFacts(Fields):
    """The facts of a family that rules use."""

    kode_wilayah: Col[str]
    members: Col[int]
    able_productive: Col[int]
    lansia: Col[int]
    disabilitas: Col[int]
    komponen: Col[dict[str, int]]
    desil: Col[list[dict[str, Any]]]
    pengurus_sex: Col[Sex | None]
    pengurus_birth_year: Col[int | None]


class Kpm(KpmFacts, Table, table=True):
    """A family.

    `member_ids` are the ids of the present members, `former_members` those of people who have died or left. `ended_on` is
    the day on which the family ended.
    """

    __table_args__ = (sa.Index("ix_kpm_area", "kode_wilayah", "kpm_id"), KPM_SCHEMA)

    kpm_id: Col[UUID] = Field(primary_key=True)
    pengurus_id: Col[UUID | None] = Field(default=None)
    pengurus_married: Col[bool | None] = Field(default=None)
    member_ids: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid())]] = Field(default_factory=list[UUID])
    former_members: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid())]] = Field(default_factory=list[UUID])
    ended_on: Col[date | None] = Field(default=None)
    end_reason: Col[FamilyEndReason | None] = Field(default=None)


class UsahaFacts(Fields):
    """The facts of a usaha that rules use. Turnover in rupiah a month.

    From `ended_on` it counts for nothing. `continues` is the usaha of another member that this owner took over.
    """

    usaha_id: Col[UUID] = Field(primary_key=True)
    owner_sex: Col[Sex]
    owner_birth_year: Col[int]
    owner_married: Col[bool]
    sector: Col[UsahaSector]
    started_on: Col[date]
    omzet_rp: Col[Annotated[int, sa.BigInteger()]]
    has_nib: Col[bool]
    has_letter: Col[bool]
    owner_id: Col[UUID | None] = Field(default=None)
    ended_on: Col[date | None] = Field(default=None)
    continues: Col[UUID | None] = Field(default=None)


class Usaha(UsahaFacts, Table, table=True):
    """A member's usaha."""

    __table_args__ = KPM_SCHEMA

    kpm_id: Col[UUID] = Field(index=True)


class Dampingan(Table, table=True):
    """The pendamping of a family, in a range. A pendamping's access follows it."""

    __table_args__ = (sa.Index("ix_dampingan_pendamping_id", "pendamping_id", "kpm_id"), KPM_SCHEMA)

    dampingan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    purpose: Col[DampinganPurpose]
    valid_from: Col[date]
    valid_to: Col[date | None]
