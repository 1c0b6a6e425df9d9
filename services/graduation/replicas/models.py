"""Replicas of registry, caseload and referral.

Only replica subscriptions write them, and no foreign key refers to them.
"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Table
from shared.accompaniment import StatusFacts
from shared.contracts.kinds import Bansos, DampinganPurpose, ExitReason, FamilyEndReason, PilarKind
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database.tables import Col, Fields
from shared.fields import Rupiah, Wilayah

KPM_SCHEMA = {"schema": "replica_kpm"}
PENDAMPING_SCHEMA = {"schema": "replica_pendamping"}
RUJUKAN_SCHEMA = {"schema": "replica_rujukan"}


class KpmFields(Fields):
    """A family with its facts, from caseload.

    `member_ids` are the ids of the present members, `minor_ids` those of minors among them, `former_members` those of
    people who have died or left. `ended_on` is the day on which the family ended.
    """

    kpm_id: Col[UUID] = Field(primary_key=True)
    kode_wilayah: Col[Wilayah]
    members: Col[int]
    able_productive: Col[int]
    lansia: Col[int]
    disabilitas: Col[int]
    komponen: Col[dict[str, int]]
    last_komponen_ends_on: Col[date | None]
    desil: Col[list[dict[str, Any]]]
    p2k2_invited: Col[int]
    p2k2_attended: Col[int]
    pengurus_id: Col[UUID | None] = Field(default=None)
    member_ids: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid())]] = Field(default_factory=list)
    minor_ids: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid())]] = Field(default_factory=list)
    former_members: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid())]] = Field(default_factory=list)
    ended_on: Col[date | None] = Field(default=None)
    end_reason: Col[FamilyEndReason | None] = Field(default=None)


class Kpm(KpmFields, Table, table=True):
    """The latest state of a family."""

    __table_args__ = KPM_SCHEMA


class KpmHistory(KpmFields, Table, table=True):
    """The state from `from_on` until the next row."""

    __table_args__ = KPM_SCHEMA

    from_on: Col[date] = Field(primary_key=True)


class UsahaFields(Fields):
    """A family's business, from caseload. `omzet_rp` is the turnover per month.

    A business with `ended_on` counts for nothing from that day.
    """

    usaha_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    started_on: Col[date]
    omzet_rp: Col[Rupiah]
    has_nib: Col[bool]
    has_letter: Col[bool]
    owner_id: Col[UUID | None] = Field(default=None)
    ended_on: Col[date | None] = Field(default=None)


class Usaha(UsahaFields, Table, table=True):
    """The latest state of a business."""

    __table_args__ = KPM_SCHEMA


class UsahaHistory(UsahaFields, Table, table=True):
    """The state from `from_on` until the next row."""

    __table_args__ = KPM_SCHEMA

    from_on: Col[date] = Field(primary_key=True)


class KepesertaanFields(Fields):
    """A membership in a bansos, from caseload. `valid_to` is the first day after it."""

    kepesertaan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    bansos: Col[Bansos]
    valid_from: Col[date]
    valid_to: Col[date | None]
    exit_reason: Col[ExitReason | None]
    graduasi_id: Col[UUID | None]


class Kepesertaan(KepesertaanFields, Table, table=True):
    """The latest state of a membership."""

    __table_args__ = KPM_SCHEMA


class KepesertaanHistory(KepesertaanFields, Table, table=True):
    """The state from `from_on` until the next row."""

    __table_args__ = KPM_SCHEMA

    from_on: Col[date] = Field(primary_key=True)


class Dampingan(Table, table=True):
    """The accompaniment of a family by a pendamping, from caseload.

    `valid_to` is the first day after it.
    """

    __table_args__ = (sa.Index(None, "kpm_id", "pendamping_id"), KPM_SCHEMA)

    dampingan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    pendamping_id: Col[UUID] = Field(index=True)
    penugasan_id: Col[UUID]
    purpose: Col[DampinganPurpose]
    valid_from: Col[date]
    valid_to: Col[date | None]


class StatusRange(StatusFacts, Table, table=True):
    """A status from a day on and its reason, from registry. Only AKTIF may act."""

    __tablename__ = "pendamping_status"
    __table_args__ = PENDAMPING_SCHEMA

    reason: Col[str | None] = Field(default=None)


class Penugasan(Table, table=True):
    """A pendamping's placement of a kind in a date range, from registry."""

    __table_args__ = PENDAMPING_SCHEMA

    penugasan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(index=True)
    kind: Col[PilarKind]
    valid_from: Col[date]
    valid_to: Col[date | None]


class WilayahTugas(Table, table=True):
    """An area that a placement covers, from registry."""

    __table_args__ = PENDAMPING_SCHEMA

    wilayah_tugas_id: Col[UUID] = Field(primary_key=True)
    penugasan_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    valid_from: Col[date]
    valid_to: Col[date | None]


class Rujukan(Table, table=True):
    """The rujukan that referral opened for a graduated family."""

    __table_args__ = RUJUKAN_SCHEMA

    rujukan_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(index=True)
    kpm_id: Col[UUID]
    kode_wilayah: Col[Wilayah]


class RujukanProgram(Table, table=True):
    """A program offered to a graduated family and its result, from referral."""

    __table_args__ = RUJUKAN_SCHEMA

    rujukan_program_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(index=True)
    kpm_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    program_code: Col[str]
    status: Col[RujukanProgramState]
    sent_on: Col[date | None]
    answered_on: Col[date | None]
    answer: Col[Annotated[str, sa.String(40)] | None]
    delivered_on: Col[date | None]
    amount_rp: Col[Rupiah | None]
    withdrawn_on: Col[date | None]
