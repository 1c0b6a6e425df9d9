from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, Key, Table
from shared.contracts.kinds import ExitReason
from shared.database import text_enum


class Credit(Table):
    """What a penetapan counts, to which penugasan, in which year. A reversal is told, the row stays."""

    __tablename__ = "credit"
    __table_args__ = (
        sa.UniqueConstraint("graduasi_id", name="uq_credit_graduasi_id"),
        sa.CheckConstraint("reversed_on >= granted_on", name="reversed_after_it_was_granted"),
    )

    credit_id: Mapped[Key]
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kode_wilayah: Mapped[Area]
    pendamping_id: Mapped[UUID]
    penugasan_id: Mapped[UUID]
    year: Mapped[int] = mapped_column(sa.Integer)
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason))
    rule_version: Mapped[int] = mapped_column(sa.ForeignKey("credit_rule.version"))
    granted_on: Mapped[date]
    reversed_on: Mapped[date | None]
