"""Replicas of registry's and referral's data, written only by subscribers."""

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import Table
from shared.accompaniment import StatusFacts
from shared.contracts.kinds import Ditjen, PilarKind
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database.tables import Col, Fields
from shared.field_classes import SPESIFIK

PENDAMPING_SCHEMA = {"schema": "replica_pendamping"}
AID_SCHEMA = {"schema": "replica_aid"}


class Pendamping(Table, table=True):
    """A pendamping with its number."""

    __table_args__ = PENDAMPING_SCHEMA

    pendamping_id: Col[UUID] = Field(primary_key=True)
    pendamping_no: Col[str] = Field(index=True)


class StatusRange(StatusFacts, Table, table=True):
    """A pendamping's status from a day on."""

    __tablename__ = "pendamping_status"
    __table_args__ = PENDAMPING_SCHEMA


class Penugasan(Table, table=True):
    """A placement of a pendamping. `valid_to` is the first day without it."""

    __table_args__ = PENDAMPING_SCHEMA

    penugasan_id: Col[UUID] = Field(primary_key=True)
    pendamping_id: Col[UUID] = Field(index=True)
    kind: Col[PilarKind]
    ditjen: Col[Ditjen]
    valid_from: Col[date]
    valid_to: Col[date | None]


class WilayahTugas(Table, table=True):
    """An area of a placement. `valid_to` is the first day without it."""

    __table_args__ = PENDAMPING_SCHEMA

    wilayah_tugas_id: Col[UUID] = Field(primary_key=True)
    penugasan_id: Col[UUID] = Field(index=True)
    pendamping_id: Col[UUID]
    kode_wilayah: Col[str]
    valid_from: Col[date]
    valid_to: Col[date | None]


class AidView(Fields):
    """Aid that another program offered and delivered. Money is in rupiah."""

    rujukan_program_id: Col[UUID] = Field(primary_key=True)
    program_code: Col[str]
    status: Col[RujukanProgramState]
    amount_rp: Col[Annotated[Annotated[int, sa.BigInteger()] | None, SPESIFIK]]
    sent_on: Col[date | None]
    answered_on: Col[date | None]
    delivered_on: Col[date | None]


class Aid(AidView, Table, table=True):
    """Aid of another ministry's program: offered, answered, delivered. Money is in rupiah."""

    __table_args__ = AID_SCHEMA

    rujukan_id: Col[UUID]
    graduasi_id: Col[UUID]
    kpm_id: Col[UUID] = Field(index=True)
    partner_id: Col[UUID]
    withdrawn_on: Col[date | None]
