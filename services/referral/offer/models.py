"""Lists of offers shown to families, and proposals of next programs."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields


class OffersFacts(Fields):
    """Which list of offers a family was shown, and when."""

    sha256: Col[str] = Field(primary_key=True)
    kpm_id: Col[UUID]
    shown_on: Col[date]


class OfferShown(OffersFacts, Table, table=True):
    """A list of offers as a family was shown it.

    The SHA-256 on the family's statement identifies it. Rows are append-only.
    """

    kode_wilayah: Col[str]
    offers: Col[list[dict[str, Any]]]


class NextBestFacts(Fields):
    """The proposal after an offer that came to nothing, in words."""

    after_rujukan_program_id: Col[UUID] = Field(primary_key=True, foreign_key=OFFER_ID)
    rujukan_id: Col[UUID]
    rujukan_program_id: Col[UUID | None] = Field(foreign_key=OFFER_ID)
    en: Col[str]
    id: Col[str]
    proposed_on: Col[date]
    proposed_by: Col[str]


class NextBest(NextBestFacts, Table, table=True):
    """The proposal after a refusal, expiry or withdrawal.

    `considered` has every program with the reason why it was or was not proposed.
    """

    __table_args__ = (sa.Index("ix_next_best_rujukan_id", "rujukan_id", "after_rujukan_program_id"),)

    considered: Col[list[dict[str, Any]]]
    # The proposal created the draft. It did not take one that existed.
    drafted: Col[bool] = Field(default=False)
