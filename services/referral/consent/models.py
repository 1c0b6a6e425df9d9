from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.tables import Table
from shared.database import text_enum

OF = "rujukan_program.rujukan_program_id"


class ConsentChannel(StrEnum):
    """How the family said it."""

    TATAP_MUKA = "TATAP_MUKA"
    PUSKESOS = "PUSKESOS"
    TELEPON = "TELEPON"
    DARING = "DARING"


class Consent(Table):
    """A family's word that this partner may know who it is, for this program; and its taking back."""

    __tablename__ = "consent"

    consent_id: Mapped[UUID] = mapped_column(primary_key=True)
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OF), unique=True)
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    partner_id: Mapped[UUID]
    text_version: Mapped[int] = mapped_column(sa.ForeignKey("consent_text.version"))
    channel: Mapped[ConsentChannel] = mapped_column(text_enum(ConsentChannel))
    evidence_sha256: Mapped[str]
    given_on: Mapped[date]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    withdrawn_on: Mapped[date | None]
    withdrawn_reason: Mapped[str | None]
    withdrawn_by: Mapped[str | None]

    __table_args__ = (
        sa.CheckConstraint("evidence_sha256 ~ '^[0-9a-f]{64}$'", name="evidence_sha256_form"),
        sa.CheckConstraint("withdrawn_on >= given_on", name="withdrawn_after_given"),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL) AND (withdrawn_on IS NULL) = (withdrawn_by IS NULL)",
            name="withdrawal_whole",
        ),
    )
