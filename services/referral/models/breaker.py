"""Whether a partner's system is called at all: after so many failures in a row nobody calls it for a while."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.models.table import Table
from shared.database import text_enum


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
