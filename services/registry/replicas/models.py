"""Replicas of graduation, caseload and referral. Only subscribers write them."""

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
    PilarKind,
    SanggahOutcome,
)
from shared.contracts.rujukan_kinds import RefusalCode, RujukanProgramState
from shared.database.tables import Col, Fields
from shared.fields import Wilayah

CREDIT_SCHEMA = {"schema": "replica_credit"}
LOAD_SCHEMA = {"schema": "replica_load"}
GRADUASI_SCHEMA = {"schema": "replica_graduasi"}
RUJUKAN_SCHEMA = {"schema": "replica_rujukan"}
COVERAGE_SCHEMA = {"schema": "replica_coverage"}


class Credit(Table, table=True):
    """A graduation credited to a penugasan for a year."""

    __table_args__ = (
        sa.Index(None, "pendamping_id", "year"),
        sa.Index(None, "penugasan_id", "year"),
        CREDIT_SCHEMA,
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


OFF = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class Dampingan(Table, table=True):
    """The accompaniment of one family by one pendamping."""

    __table_args__ = LOAD_SCHEMA

    dampingan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    kind: Col[PilarKind]
    purpose: Col[DampinganPurpose]
    valid_from: Col[date]
    valid_to: Col[date | None]


class Kunjungan(Table, table=True):
    """A home visit. One that is `voided` counts nowhere."""

    __table_args__ = (sa.Index(None, "penugasan_id", "on"), LOAD_SCHEMA)

    kunjungan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID]
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    on: Col[date]
    voided: Col[bool] = OFF


class Crossing(Fields):
    """A crossing of the warning limit of a caseload, upwards (ABOVE) or downwards (BELOW)."""

    penugasan_id: Col[UUID]
    pendamping_id: Col[UUID]
    count: Col[int]
    limit: Col[int]
    side: Col[LimitSide]


class LoadLimit(Crossing, Table, table=True):
    """The last time that a penugasan crossed the warning limit of its caseload."""

    __table_args__ = LOAD_SCHEMA

    penugasan_id: Col[UUID] = Field(primary_key=True)


class LimitCrossing(Crossing, Table, table=True):
    """Each crossing of a penugasan, stored once per event id."""

    __table_args__ = (sa.Index(None, "pendamping_id", "crossed_at"), LOAD_SCHEMA)

    event_id: Col[UUID] = Field(primary_key=True)
    crossed_at: Col[datetime]


class P2k2(Table, table=True):
    """A P2K2 session with the numbers invited and attended. One that is `voided` counts nowhere."""

    __table_args__ = (sa.Index(None, "penugasan_id", "on"), LOAD_SCHEMA)

    p2k2_sesi_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    on: Col[date]
    invited: Col[int]
    attended: Col[int]
    voided: Col[bool] = OFF


class Graduasi(Table, table=True):
    """A graduation case of an SK, with the days of its effect and annulment."""

    __table_args__ = (sa.Index(None, "pendamping_id", "sk_on"), GRADUASI_SCHEMA)

    graduasi_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    exit_reason: Col[ExitReason]
    pendamping_id: Col[UUID | None]
    sk_on: Col[date | None]
    effective_on: Col[date | None]
    annulled_on: Col[date | None]
    monitoring_months: Col[int | None]


class Monitoring(Table, table=True):
    """The monitoring result of a graduate in a month after the exit.

    Month 0 is no visit: the family has ended. One that is `voided` counts nowhere.
    """

    __table_args__ = GRADUASI_SCHEMA

    graduasi_id: Col[UUID] = Field(primary_key=True)
    month: Col[int] = Field(primary_key=True)
    still_out: Col[bool]
    recorded_on: Col[date]
    voided: Col[bool] = OFF


class MonitoringEnd(Table, table=True):
    """The day on which the monitoring of a graduate was completed.

    It is null if the completion was reversed.
    """

    __table_args__ = GRADUASI_SCHEMA

    graduasi_id: Col[UUID] = Field(primary_key=True)
    ended_on: Col[date | None]


class Sanggah(Table, table=True):
    """An objection to a graduation, and its outcome."""

    __table_args__ = GRADUASI_SCHEMA

    sanggah_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(index=True)
    suspends: Col[bool] = OFF
    outcome: Col[SanggahOutcome | None] = Field(default=None)


class Relapse(Table, table=True):
    """A confirmed relapse of a graduate. A reversed one does not count."""

    __table_args__ = GRADUASI_SCHEMA

    graduasi_id: Col[UUID] = Field(primary_key=True)
    month: Col[int]
    confirmed_on: Col[date]
    reversed_on: Col[date | None] = Field(default=None)


class Rujukan(Table, table=True):
    """A referral case of a graduate."""

    __table_args__ = RUJUKAN_SCHEMA

    rujukan_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(index=True)


class RujukanProgram(Table, table=True):
    """One offer to one partner and its progress. `answer` is the partner's latest answer."""

    __table_args__ = RUJUKAN_SCHEMA

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
    """A family, the area where it lives now, and the day on which it ended."""

    __table_args__ = (sa.Index(None, "kode_wilayah", "kpm_id"), COVERAGE_SCHEMA)

    kpm_id: Col[UUID] = Field(primary_key=True)
    kode_wilayah: Col[Wilayah]
    ended_on: Col[date | None]


class Kepesertaan(Table, table=True):
    """A family's membership in a bansos. A restored membership has no `exit_reason`."""

    __table_args__ = (sa.Index(None, "kode_wilayah", "valid_from"), COVERAGE_SCHEMA)

    kepesertaan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    bansos: Col[Bansos]
    valid_from: Col[date]
    valid_to: Col[date | None]
    exit_reason: Col[ExitReason | None]
    graduasi_id: Col[UUID | None]
