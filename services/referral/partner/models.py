"""Partners, the offices that they call, and their circuit breakers."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.referral.tables import Table
from shared.database.tables import OBJECT, Authored, Col, Fields
from shared.deadlines import END, Waits, WatchedBy, track_waits
from shared.fields import ONE_LINE, RequestOnly, Sentence, Wilayah
from shared.phone import Phone
from shared.updates import track_updates

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,39}$"), RequestOnly("KUR_SUPERMIKRO")]
Name = Annotated[
    str, ONE_LINE, StringConstraints(min_length=1, max_length=200), RequestOnly("Bank Penyalur KUR")
]
Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=500),
    RequestOnly("https://mitra.example.go.id/pilar/rujukan"),
]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,180}$"), RequestOnly("dinsos@kendalkab.go.id")
]


class PartnerKind(StrEnum):
    """The kind of organisation."""

    KEMENTERIAN = "KEMENTERIAN"
    LEMBAGA = "LEMBAGA"
    PEMDA = "PEMDA"
    BANK = "BANK"
    BUMN = "BUMN"
    BADAN = "BADAN"
    LAINNYA = "LAINNYA"


class Channel(StrEnum):
    """How the partner is reached. Only HOST_TO_HOST and API_SPLP are called automatically."""

    API_SPLP = "API_SPLP"
    HOST_TO_HOST = "HOST_TO_HOST"
    FILE = "FILE"
    PORTAL_LINK = "PORTAL_LINK"
    SURAT = "SURAT"


class PartnerNames(Fields):
    """Who a partner is, and how it is reached."""

    code: Col[Code] = Field(unique=True)
    name: Col[Name]
    kind: Col[PartnerKind]
    channel: Col[Channel]
    kode_wilayah: Col[Wilayah | None] = Field(default=None)


class PartnerTerms(PartnerNames):
    """A partner with the address of its webhook."""

    webhook_url: Col[Url | None] = Field(default=None)


class PartnerView(PartnerTerms, Authored):
    """A partner, without its secret, and who set its version."""

    partner_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]


class Partner(PartnerView, Table, table=True):
    """A ministry, agency, bank or local government to which families are referred."""

    __table_args__ = (
        *track_updates(),
        sa.CheckConstraint("(webhook_url IS NULL) = (secret_sealed IS NULL)", name="webhook_has_secret"),
        sa.CheckConstraint(
            "former_secret_sealed IS NULL OR secret_sealed IS NOT NULL", name="former_secret_has_newest"
        ),
        sa.CheckConstraint(
            "(former_secret_sealed IS NULL) = (former_valid_until IS NULL)", name="former_secret_has_end"
        ),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    secret_sealed: Col[bytes | None] = Field(default=None)
    former_secret_sealed: Col[bytes | None] = Field(default=None)
    former_valid_until: Col[datetime | None] = Field(default=None)


class FormerPartner(PartnerNames, Authored):
    """A partner before a correction, and who had set it."""


if TYPE_CHECKING:
    FormerValues = dict[str, Any]
else:
    FormerValues = Annotated[FormerPartner, OBJECT]


class PartnerChangeView(Fields):
    """The values and the author of a partner before a correction.

    `changed_by` corrected it, for the `reason`.
    """

    partner_id: Col[UUID] = Field(primary_key=True, foreign_key="partner.partner_id")
    version: Col[int] = Field(primary_key=True)
    before: Col[FormerValues]
    reason: Col[Sentence]
    changed_by: Col[str]
    changed_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class PartnerChange(PartnerChangeView, Table, table=True):
    """A correction of a partner. Rows are append-only."""


class OfficeTerms(Fields):
    """The office that partners call about families of a kabupaten or kota."""

    kode_wilayah: Col[Wilayah] = Field(primary_key=True)
    name: Col[Name]
    phone: Col[Phone | None] = Field(default=None)
    email: Col[Email | None] = Field(default=None)


class OfficeView(OfficeTerms, Authored):
    """The Dinsos office of an area, and who set it."""

    version: Col[int]


class Office(OfficeView, Table, table=True):
    """The Dinsos office of an area.

    A partner calls it about a family, never the family's pendamping.
    """


class BreakerState(StrEnum):
    """State of a breaker.

    CLOSED: the partner is called. OPEN: it is not called until `retry_at`. HALF_OPEN: one call tries it.
    """

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


WAITS = Waits(dict.fromkeys(BreakerState, WatchedBy("partner_breakers")) | {BreakerState.CLOSED: END})


class BreakerLimitTerms(Fields):
    """When a breaker opens, and how long it stays open.

    `failures_to_open` are failures in a row. `wait_seconds` is real time.
    """

    failures_to_open: Col[Annotated[StrictInt, Interval(ge=1, le=1000), RequestOnly(5)]]
    wait_seconds: Col[Annotated[StrictInt, Interval(ge=1, le=86_400), RequestOnly(60)]]


class BreakerLimitView(BreakerLimitTerms, Authored):
    """The limits of a partner code. `*` is every partner without limits of its own."""

    partner_code: Col[str] = Field(primary_key=True)
    version: Col[int]


class BreakerLimit(BreakerLimitView, Table, table=True):
    """The limits of the breakers: of a partner code, or of "*" for all others."""

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


class BreakerView(BreakerFacts, BreakerLimitTerms, Authored):
    """The state of a partner's breaker, its limits, and who set these.

    OPEN: the partner is not called until `retry_at`.
    """

    changed_at: datetime | None


class Breaker(BreakerFacts, Table, table=True):
    """The breaker of a partner. The row exists from the first failure."""

    __table_args__ = (
        sa.CheckConstraint("(state = 'CLOSED') = (retry_at IS NULL)", name="retry_when_not_closed"),
        sa.CheckConstraint("failures >= 0", name="failures_not_negative"),
        track_waits(WAITS),
    )

    changed_at: Col[datetime]
