"""The texts of consent, what a family agreed to, and its sealed identity."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields
from shared.fields import Asked, Day, Sentence, Sha256


class ConsentChannel(StrEnum):
    """How the family said it."""

    TATAP_MUKA = "TATAP_MUKA"
    PUSKESOS = "PUSKESOS"
    TELEPON = "TELEPON"
    DARING = "DARING"


class ConsentTerms(Fields):
    """The family's word, with the SHA-256 of its evidence (put before by POST /v1/files)."""

    text_version: Col[Annotated[StrictInt, Interval(ge=1, le=10_000), Asked(1)]] = Field(
        foreign_key="consent_text.version"
    )
    channel: Col[ConsentChannel]
    evidence_sha256: Col[Sha256]
    given_on: Col[Annotated[date, Asked("2026-05-18")]]


class Consent(ConsentTerms, Table, table=True):
    """A family's word that this partner may know who it is, for this program; and its taking back."""

    __table_args__ = (
        sa.CheckConstraint("evidence_sha256 ~ '^[0-9a-f]{64}$'", name="evidence_sha256_form"),
        sa.CheckConstraint("withdrawn_on >= given_on", name="withdrawn_after_given"),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL) AND (withdrawn_on IS NULL) = (withdrawn_by IS NULL)",
            name="withdrawal_whole",
        ),
    )

    consent_id: Col[UUID] = Field(primary_key=True)
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID, unique=True)
    kpm_id: Col[UUID]
    kode_wilayah: Col[str]
    partner_id: Col[UUID]
    recorded_by: Col[str]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
    withdrawn_on: Col[date | None] = Field(default=None)
    withdrawn_reason: Col[str | None] = Field(default=None)
    withdrawn_by: Col[str | None] = Field(default=None)


class ConsentTextTerms(Fields):
    """The words that are read to a family before it agrees, from a day on."""

    text: Col[
        Annotated[
            str,
            StringConstraints(min_length=40, max_length=4000),
            Asked("Saya setuju data minimum keluarga saya disampaikan kepada mitra program ini."),
        ]
    ]
    valid_from: Col[Day]
    basis: Col[Sentence]


class ConsentTextView(ConsentTextTerms):
    """A version of the words; it holds from `valid_from` to the day before the next one's."""

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class ConsentText(ConsentTextView, Table, table=True):
    """The words to which a family agrees, by version; a text once used is never edited (UU 27/2022 art. 20, 22).

    One holds from `valid_from` to the day before the next one's.
    """

    __table_args__ = (sa.UniqueConstraint("valid_from", name="uq_consent_text_valid_from"),)

    set_by: Col[str]


class Identity(Table, table=True):
    """The minimum of who a family is, as caseload sealed it for one rujukan program, under referral's own keys."""

    for_id: Col[UUID] = Field(primary_key=True)
    recipient: Col[str] = Field(primary_key=True)
    kpm_id: Col[UUID]
    sealed: Col[bytes]
    arrived_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
