"""Partners, the offices that they call, and the breakers of their systems."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.referral.tables import Table
from shared.database.tables import Col, Fields
from shared.fields import Asked, Wilayah

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,39}$"), Asked("KUR_SUPERMIKRO")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), Asked("Bank Penyalur KUR")]
Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=500),
    Asked("https://mitra.example.go.id/pilar/rujukan"),
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{5,30}$"), Asked("(0294) 381234")]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,180}$"), Asked("dinsos@kendalkab.go.id")
]


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


class PartnerTerms(Fields):
    """A partner as the ministry names it, with the address of its webhook."""

    code: Col[Code] = Field(unique=True)
    name: Col[Name]
    kind: Col[PartnerKind]
    channel: Col[Channel]
    kode_wilayah: Col[Wilayah | None] = Field(default=None)
    webhook_url: Col[Url | None] = Field(default=None)


class PartnerView(PartnerTerms):
    """A partner, without its secret."""

    partner_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]


class Partner(PartnerView, Table, table=True):
    """A ministry, agency, bank or local government to which families are referred."""

    __table_args__ = (
        sa.CheckConstraint("(webhook_url IS NULL) = (secret_sealed IS NULL)", name="webhook_has_secret"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    secret_sealed: Col[bytes | None] = Field(default=None)
    registered_by: Col[str]
    registered_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class OfficeTerms(Fields):
    """Whom partners call about families of a kabupaten or kota."""

    kode_wilayah: Col[Wilayah] = Field(primary_key=True)
    name: Col[Name]
    phone: Col[Phone | None] = Field(default=None)
    email: Col[Email | None] = Field(default=None)


class OfficeView(OfficeTerms):
    """The Dinsos office of an area."""

    version: Col[int]


class Office(OfficeView, Table, table=True):
    """Whom a partner calls about a family: the Dinsos office of the area, never the family's pendamping."""


class BreakerState(StrEnum):
    """CLOSED: called. OPEN: left alone until `retry_at`. HALF_OPEN: one call tries whether it answers again."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class BreakerLimitTerms(Fields):
    """After how many failures in a row a partner is left alone, and for how many seconds of real time."""

    failures_to_open: Col[Annotated[StrictInt, Interval(ge=1, le=1000), Asked(5)]]
    wait_seconds: Col[Annotated[StrictInt, Interval(ge=1, le=86_400), Asked(60)]]


class BreakerLimitView(BreakerLimitTerms):
    """Limits of a partner's code; `*` is everybody without limits of their own."""

    partner_code: Col[str] = Field(primary_key=True)
    version: Col[int]
    set_by: Col[str]


class BreakerLimit(BreakerLimitView, Table, table=True):
    """After how many failures in a row a breaker opens, and for how many seconds of real time; "*" is everybody."""

    __table_args__ = (
        sa.CheckConstraint("failures_to_open BETWEEN 1 AND 1000", name="failures_to_open_range"),
        sa.CheckConstraint("wait_seconds BETWEEN 1 AND 86400", name="wait_seconds_range"),
    )


class BreakerFacts(Fields):
    """The state of a partner's breaker."""

    partner_id: Col[UUID] = Field(primary_key=True, foreign_key="partner.partner_id")
    state: Col[BreakerState]
    failures: Col[int]
    retry_at: Col[datetime | None] = Field(default=None)


class BreakerView(BreakerFacts, BreakerLimitTerms):
    """How a partner's breaker stands, under which limits. OPEN: nobody calls it until `retry_at`."""

    changed_at: datetime | None


class Breaker(BreakerFacts, Table, table=True):
    """One partner's breaker, from its first failure on."""

    __table_args__ = (
        sa.CheckConstraint("(state = 'CLOSED') = (retry_at IS NULL)", name="retry_when_not_closed"),
        sa.CheckConstraint("failures >= 0", name="failures_not_negative"),
    )

    changed_at: Col[datetime]
