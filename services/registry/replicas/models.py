"""Replicas of events of graduation, caseload and referral, written by subscribers alone."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.registry.tables import Table
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    ExitReason,
    LimitSide,
    RefusalCode,
    RujukanProgramState,
)
from shared.database.tables import Col, Fields
from shared.fields import Wilayah

OF_CREDIT = {"schema": "replica_credit"}
OF_LOAD = {"schema": "replica_load"}
OF_GRADUASI = {"schema": "replica_graduasi"}
OF_RUJUKAN = {"schema": "replica_rujukan"}
OF_COVERAGE = {"schema": "replica_coverage"}


class Credit(Table, table=True):
    """A graduation counted to a penugasan's year."""

    __table_args__ = (
        sa.Index(None, "pendamping_id", "year"),
        sa.Index(None, "penugasan_id", "year"),
        OF_CREDIT,
    )

    credit_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    year: Col[int]
    exit_reason: Col[ExitReason]
    kode_wilayah: Col[Wilayah]
    rule_version: Col[int]
    reversed: Col[bool]
    reverse_reason: Col[str | None]


class Dampingan(Table, table=True):
    """One family under one pendamping."""

    __table_args__ = OF_LOAD

    dampingan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    purpose: Col[DampinganPurpose]
    valid_from: Col[date]
    valid_to: Col[date | None]


class Kunjungan(Table, table=True):
    """A home visit."""

    __table_args__ = (sa.Index(None, "penugasan_id", "on"), OF_LOAD)

    kunjungan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID]
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    on: Col[date]


class Crossing(Fields):
    """A caseload has crossed its limit, up (ABOVE) or down (BELOW)."""

    penugasan_id: Col[UUID]
    pendamping_id: Col[UUID]
    count: Col[int]
    limit: Col[int]
    side: Col[LimitSide]


class LoadLimit(Crossing, Table, table=True):
    """The last crossing of a caseload."""

    __table_args__ = OF_LOAD

    penugasan_id: Col[UUID] = Field(primary_key=True)


class LimitCrossing(Crossing, Table, table=True):
    """Each crossing of a caseload, once by the event's id."""

    __table_args__ = (sa.Index(None, "pendamping_id", "crossed_at"), OF_LOAD)

    event_id: Col[UUID] = Field(primary_key=True)
    crossed_at: Col[datetime]


class P2k2(Table, table=True):
    """A family-capacity session with how many were invited and came."""

    __table_args__ = (sa.Index(None, "penugasan_id", "on"), OF_LOAD)

    p2k2_sesi_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    on: Col[date]
    invited: Col[int]
    attended: Col[int]


class Graduasi(Table, table=True):
    """A case of an SK, and whether it took effect or was annulled."""

    __table_args__ = (sa.Index(None, "pendamping_id", "sk_on"), OF_GRADUASI)

    graduasi_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    exit_reason: Col[ExitReason]
    pendamping_id: Col[UUID | None]
    sk_on: Col[date | None]
    effective_on: Col[date | None]
    annulled_on: Col[date | None]


class Monitoring(Table, table=True):
    """What was seen of a graduate in a month after the exit."""

    __table_args__ = OF_GRADUASI

    graduasi_id: Col[UUID] = Field(primary_key=True)
    month: Col[int] = Field(primary_key=True)
    still_out: Col[bool]
    recorded_on: Col[date]


class Relapse(Table, table=True):
    """A graduate has fallen back."""

    __table_args__ = OF_GRADUASI

    graduasi_id: Col[UUID] = Field(primary_key=True)
    month: Col[int]
    confirmed_on: Col[date]


class Rujukan(Table, table=True):
    """A graduate's case with referral."""

    __table_args__ = OF_RUJUKAN

    rujukan_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(index=True)


class RujukanProgram(Table, table=True):
    """One offer to one partner and its progress. `answer` is the partner's latest."""

    __table_args__ = OF_RUJUKAN

    rujukan_program_id: Col[UUID] = Field(primary_key=True)
    rujukan_id: Col[UUID]
    graduasi_id: Col[UUID] = Field(index=True)
    program_code: Col[str]
    sent_on: Col[date | None]
    answered_on: Col[date | None]
    answer: Col[RujukanProgramState | None]
    reason_code: Col[RefusalCode | None]
    delivered_on: Col[date | None]
    withdrawn_on: Col[date | None]


class Kpm(Table, table=True):
    """A family lives in an area."""

    __table_args__ = (sa.Index(None, "kode_wilayah", "kpm_id"), OF_COVERAGE)

    kpm_id: Col[UUID] = Field(primary_key=True)
    kode_wilayah: Col[Wilayah]


class Kepesertaan(Table, table=True):
    """A family's membership in a bansos. A restored one has no end."""

    __table_args__ = (sa.Index(None, "kode_wilayah", "valid_from"), OF_COVERAGE)

    kepesertaan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    bansos: Col[Bansos]
    valid_from: Col[date]
    valid_to: Col[date | None]
    exit_reason: Col[ExitReason | None]
    graduasi_id: Col[UUID | None]
