from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.tables import Table
from shared.database import text_enum


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


class Partner(Table):
    """A ministry, agency, bank or local government to which families are referred."""

    __tablename__ = "partner"

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[PartnerKind] = mapped_column(text_enum(PartnerKind))
    channel: Mapped[Channel] = mapped_column(text_enum(Channel))
    kode_wilayah: Mapped[str | None]
    webhook_url: Mapped[str | None]
    secret_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(default=1)
    registered_by: Mapped[str]
    registered_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (
        sa.CheckConstraint("(webhook_url IS NULL) = (secret_sealed IS NULL)", name="webhook_has_secret"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )


class Office(Table):
    """Whom a partner calls about a family: the Dinsos office of the area, never the family's pendamping."""

    __tablename__ = "office"

    kode_wilayah: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)


class BreakerState(StrEnum):
    """CLOSED: called. OPEN: left alone until `retry_at`. HALF_OPEN: one call tries whether it answers again."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class BreakerLimit(Table):
    """After how many failures in a row a breaker opens, and for how many seconds of real time; "*" is everybody."""

    __tablename__ = "breaker_limit"

    partner_code: Mapped[str] = mapped_column(primary_key=True)
    failures_to_open: Mapped[int]
    wait_seconds: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    set_by: Mapped[str]

    __table_args__ = (
        sa.CheckConstraint("failures_to_open BETWEEN 1 AND 1000", name="failures_to_open_range"),
        sa.CheckConstraint("wait_seconds BETWEEN 1 AND 86400", name="wait_seconds_range"),
    )


class Breaker(Table):
    """One partner's breaker, from its first failure on."""

    __tablename__ = "breaker"

    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.partner_id"), primary_key=True)
    state: Mapped[BreakerState] = mapped_column(text_enum(BreakerState))
    failures: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    retry_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (
        sa.CheckConstraint("(state = 'CLOSED') = (retry_at IS NULL)", name="retry_when_not_closed"),
        sa.CheckConstraint("failures >= 0", name="failures_not_negative"),
    )
