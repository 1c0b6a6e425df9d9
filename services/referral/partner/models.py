from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.tables import Table
from shared.database.tables import Col


class PartnerKind(StrEnum):
    """What sort of K/L or body takes over."""

    KEMENTERIAN = "KEMENTERIAN"
    LEMBAGA = "LEMBAGA"
    PEMDA = "PEMDA"
    BANK = "BANK"
    BUMN = "BUMN"
    BADAN = "BADAN"
    LAINNYA = "LAINNYA"


class Channel(StrEnum):
    """How the partner is reached. Only HOST_TO_HOST and API_SPLP are sent by the machine today."""

    API_SPLP = "API_SPLP"
    HOST_TO_HOST = "HOST_TO_HOST"
    FILE = "FILE"
    PORTAL_LINK = "PORTAL_LINK"
    SURAT = "SURAT"


class Partner(Table, table=True):
    """A ministry, agency, bank or local government to which families are referred."""

    __table_args__ = (
        sa.CheckConstraint("(webhook_url IS NULL) = (secret_sealed IS NULL)", name="webhook_has_secret"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    partner_id: Col[UUID] = Field(primary_key=True)
    code: Col[str] = Field(unique=True)
    name: Col[str]
    kind: Col[PartnerKind]
    channel: Col[Channel]
    kode_wilayah: Col[str | None] = Field(default=None)
    webhook_url: Col[str | None] = Field(default=None)
    secret_sealed: Col[bytes | None] = Field(default=None)
    version: Col[int] = Field(default=1)
    registered_by: Col[str]
    registered_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class Office(Table, table=True):
    """Whom a partner calls about a family: the Dinsos office of the area, never the family's pendamping."""

    kode_wilayah: Col[str] = Field(primary_key=True)
    name: Col[str]
    phone: Col[str | None] = Field(default=None)
    email: Col[str | None] = Field(default=None)
    version: Col[int] = Field(default=1)


class BreakerState(StrEnum):
    """CLOSED: called. OPEN: left alone until `retry_at`. HALF_OPEN: one call tries whether it answers again."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class BreakerLimit(Table, table=True):
    """After how many failures in a row a breaker opens, and for how many seconds of real time; "*" is everybody."""

    __table_args__ = (
        sa.CheckConstraint("failures_to_open BETWEEN 1 AND 1000", name="failures_to_open_range"),
        sa.CheckConstraint("wait_seconds BETWEEN 1 AND 86400", name="wait_seconds_range"),
    )

    partner_code: Col[str] = Field(primary_key=True)
    failures_to_open: Col[int]
    wait_seconds: Col[int]
    version: Col[int] = Field(default=1)
    set_by: Col[str]


class Breaker(Table, table=True):
    """One partner's breaker, from its first failure on."""

    __table_args__ = (
        sa.CheckConstraint("(state = 'CLOSED') = (retry_at IS NULL)", name="retry_when_not_closed"),
        sa.CheckConstraint("failures >= 0", name="failures_not_negative"),
    )

    partner_id: Col[UUID] = Field(primary_key=True, foreign_key="partner.partner_id")
    state: Col[BreakerState]
    failures: Col[int]
    changed_at: Col[datetime]
    retry_at: Col[datetime | None] = Field(default=None)
