"""Replicas of events of registry and caseload, written by subscribers alone."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.tables import Table
from shared.contracts.kinds import DampinganPurpose, PendampingStatus, Sex, UsahaSector
from shared.database.tables import Col, Fields

OF_KPM = {"schema": "replica_kpm"}
OF_PENDAMPING = {"schema": "replica_pendamping"}


class Pendamping(Table, table=True):
    """A pendamping's status from a date on. Only AKTIF may act."""

    __table_args__ = OF_PENDAMPING

    pendamping_id: Col[UUID] = Field(primary_key=True)
    from_on: Col[date] = Field(primary_key=True)
    status: Col[PendampingStatus]


class Penugasan(Table, table=True):
    """In which range a pendamping serves. `valid_to` is the first day outside."""

    __table_args__ = OF_PENDAMPING

    penugasan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(index=True)
    valid_from: Col[date]
    valid_to: Col[date | None]


class WilayahTugas(Table, table=True):
    """Which area a placement covers. `valid_to` is the first day outside."""

    __table_args__ = OF_PENDAMPING

    wilayah_tugas_id: Col[UUID] = Field(primary_key=True)
    penugasan_id: Col[UUID]
    pendamping_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[str]
    valid_from: Col[date]
    valid_to: Col[date | None]


class KpmFacts(Fields):
    """What rules look at of a family."""

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
    """A family."""

    __table_args__ = (sa.Index("ix_kpm_area", "kode_wilayah", "kpm_id"), OF_KPM)

    kpm_id: Col[UUID] = Field(primary_key=True)


class UsahaFacts(Fields):
    """What rules look at of a business. Turnover in rupiah a month."""

    owner_sex: Col[Sex]
    owner_birth_year: Col[int]
    owner_married: Col[bool]
    sector: Col[UsahaSector]
    started_on: Col[date]
    omzet_rp: Col[Annotated[int, sa.BigInteger()]]
    has_nib: Col[bool]
    has_letter: Col[bool]


class Usaha(UsahaFacts, Table, table=True):
    """A member's business."""

    __table_args__ = OF_KPM

    usaha_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)


class Dampingan(Table, table=True):
    """Who accompanies a family. A pendamping's rights follow it."""

    __table_args__ = (sa.Index("ix_dampingan_pendamping_id", "pendamping_id", "kpm_id"), OF_KPM)

    dampingan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    purpose: Col[DampinganPurpose]
    valid_from: Col[date]
    valid_to: Col[date | None]
