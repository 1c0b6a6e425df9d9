"""The texts of consent, what a family agreed to, and its sealed identity."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database import text_enum


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
    rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID), unique=True)
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


class ConsentText(Table):
    """The words to which a family agrees, by version; a text once used is never edited (UU 27/2022 art. 20, 22).

    One holds from `valid_from` to the day before the next one's.
    """

    __tablename__ = "consent_text"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[date]
    text: Mapped[str]
    basis: Mapped[str]
    set_by: Mapped[str]

    __table_args__ = (sa.UniqueConstraint("valid_from", name="uq_consent_text_valid_from"),)


class Identity(Table):
    """The minimum of who a family is, as caseload sealed it for one rujukan program, under referral's own keys."""

    __tablename__ = "identity"

    for_id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    sealed: Mapped[bytes]
    arrived_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
