"""Attempts to call a partner."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.notice.models import Notice
from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields


class AttemptResult(StrEnum):
    """What came of an attempt.

    ACCEPTED: a status 2xx. NOT_ACCEPTED: another status. FAILED: no reply, see `fault`. UNKNOWN: the call is running, or
    its process has stopped. Every attempt but an accepted one is repeated, except a RUJUKAN that was refused by 422 with a
    reason code.
    """

    ACCEPTED = "ACCEPTED"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class FaultKind(StrEnum):
    """Why an attempt got no reply.

    ADDRESS_REFUSED: the address, or what its name resolves to, may not be called. NAME_UNKNOWN: the name does not
    resolve. NOT_CONNECTED: no connection. TLS: the handshake failed, mostly because of the certificate. TIMEOUT: no whole
    reply in time. INVALID_REPLY: the connection ended, or what came is no HTTP. NOT_READABLE: Pilar could not read the
    content; no call was made.
    """

    ADDRESS_REFUSED = "ADDRESS_REFUSED"
    NAME_UNKNOWN = "NAME_UNKNOWN"
    NOT_CONNECTED = "NOT_CONNECTED"
    TLS = "TLS"
    TIMEOUT = "TIMEOUT"
    INVALID_REPLY = "INVALID_REPLY"
    NOT_READABLE = "NOT_READABLE"


# By the class that is stored. Every other class is a fault of the reply, or of the connection that carried it.
FAULTS = {
    "AddressRefused": FaultKind.ADDRESS_REFUSED,
    "InvalidURL": FaultKind.ADDRESS_REFUSED,
    "gaierror": FaultKind.NAME_UNKNOWN,
    "ConnectError": FaultKind.NOT_CONNECTED,
    "ConnectTimeout": FaultKind.TIMEOUT,
    "ReadTimeout": FaultKind.TIMEOUT,
    "WriteTimeout": FaultKind.TIMEOUT,
    "TimeoutError": FaultKind.TIMEOUT,
    "SealBroken": FaultKind.NOT_READABLE,
}


def kind_of_fault(fault: str) -> FaultKind:
    """Return the kind of a stored fault."""
    if fault.startswith("SSL"):
        return FaultKind.TLS
    return FAULTS.get(fault, FaultKind.INVALID_REPLY)


def result_of(http_status: int | None, fault: str | None) -> AttemptResult:
    """Return what came of an attempt with this status or fault."""
    if http_status is not None:
        return AttemptResult.ACCEPTED if 200 <= http_status < 300 else AttemptResult.NOT_ACCEPTED
    return AttemptResult.FAILED if fault is not None else AttemptResult.UNKNOWN


class DeliveryAttemptItem(Fields):
    """One attempt to notify the partner: which fields it carried, and its result.

    It is stored before the call. Without a status and a fault its result is not known, because the process that called
    has stopped. `fields` is empty if the call did not leave. The fault SealBroken: the content cannot be read here. No
    call was made, and the operator must act.
    """

    attempt_id: Col[UUID] = Field(primary_key=True)
    notice_id: Col[UUID]
    notice: Col[Notice]
    fields: Col[list[str]]
    http_status: Col[int | None]
    fault: Col[str | None]
    milliseconds: Col[int]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class DeliveryAttempt(DeliveryAttemptItem, Table, table=True):
    """One attempt to notify a partner. Fields are stored by name, never their values.

    Rows are append-only except for the result.
    """

    __table_args__ = (
        sa.Index("ix_delivery_attempt_rujukan_program_id", "rujukan_program_id", "attempt_id"),
        sa.Index("ix_delivery_attempt_partner_id", "partner_id", "recorded_at", "attempt_id"),
    )

    partner_id: Col[UUID]
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
