"""Lists of offers as families were shown them, and programs proposed next."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table


class OfferShown(Table):
    """A list of offers as a family was shown it, found again by the SHA-256 on its statement; append-only."""

    __tablename__ = "offer_shown"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[str]
    shown_on: Mapped[date]
    offers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class NextBest(Table):
    """What was proposed after a refusal, expiry or withdrawal, and why; of the other programs, why not."""

    __tablename__ = "next_best"

    after_rujukan_program_id: Mapped[UUID] = mapped_column(sa.ForeignKey(OFFER_ID), primary_key=True)
    rujukan_id: Mapped[UUID]
    rujukan_program_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(OFFER_ID))
    considered: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    en: Mapped[str]
    id: Mapped[str]
    proposed_on: Mapped[date]
    proposed_by: Mapped[str]

    __table_args__ = (sa.Index("ix_next_best_rujukan_id", "rujukan_id", "after_rujukan_program_id"),)
