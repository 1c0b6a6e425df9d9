"""Texts of consent, consents of families, and their sealed identities."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictInt, StringConstraints
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Authored, Col, Fields
from shared.fields import Day, RequestOnly, Sentence, Sha256


class ConsentChannel(StrEnum):
    """How the family gave its consent."""

    TATAP_MUKA = "TATAP_MUKA"
    PUSKESOS = "PUSKESOS"
    TELEPON = "TELEPON"
    DARING = "DARING"


class LapseReason(StrEnum):
    """Why a consent lapsed.

    PERSON_LEFT: a person named in it died or left the family. USAHA_ENDED: the business was closed or transferred
    before the sending.
    """

    PERSON_LEFT = "PERSON_LEFT"
    USAHA_ENDED = "USAHA_ENDED"


class ConsentFacts(Fields):
    """The family's consent, with the SHA-256 of its evidence (uploaded before by POST /v1/files)."""

    text_version: Col[Annotated[StrictInt, Interval(ge=1, le=10_000), RequestOnly(1)]] = Field(
        foreign_key="consent_text.version"
    )
    channel: Col[ConsentChannel]
    evidence_sha256: Col[Sha256]
    given_on: Col[Day]


class ConsentTerms(ConsentFacts):
    """The family's consent and who signed it.

    `signer_id` is by default the pengurus, `signed_by` the signer alone. `guardian_id` is the adult who signs for
    minors, by default the pengurus.
    """

    signer_id: UUID | None = None
    signed_by: Annotated[list[UUID], Len(1, 40)] | None = None
    guardian_id: UUID | None = None


class ConsentItem(ConsentFacts):
    """A recorded consent, its withdrawal and its lapse, without the reason of the withdrawal."""

    consent_id: Col[UUID] = Field(primary_key=True)
    recorded_by: Col[str]
    recorded_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
    withdrawn_on: Col[date | None] = Field(default=None)
    withdrawn_by: Col[str | None] = Field(default=None)
    lapsed_on: Col[date | None] = Field(default=None)
    lapse_reason: Col[LapseReason | None] = Field(default=None)


class Consent(ConsentItem, Table, table=True):
    """A family's consent to share the identity of persons with a partner.

    A withdrawal is recorded in the same row, and so is a lapse with the event that caused it. The reason of
    the withdrawal is sealed with its id.
    """

    __table_args__ = (
        sa.CheckConstraint("evidence_sha256 ~ '^[0-9a-f]{64}$'", name="evidence_sha256_form"),
        sa.CheckConstraint("withdrawn_on >= given_on", name="withdrawn_after_given"),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason_sealed IS NULL) AND (withdrawn_on IS NULL) = (withdrawn_by IS NULL)",
            name="withdrawal_complete",
        ),
        sa.CheckConstraint(
            "(lapsed_on IS NULL) = (lapse_reason IS NULL) AND (lapsed_on IS NULL) = (lapse_event_id IS NULL)",
            name="lapse_complete",
        ),
    )

    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID, unique=True)
    kpm_id: Col[UUID]
    kode_wilayah: Col[str]
    partner_id: Col[UUID]
    lapse_event_id: Col[UUID | None] = Field(default=None)
    withdrawn_reason_sealed: Col[bytes | None] = Field(default=None)

    @property
    def in_force(self) -> bool:
        """Whether the consent was neither withdrawn nor lapsed."""
        return self.withdrawn_on is None and self.lapsed_on is None


class ConsentTextTerms(Fields):
    """The text that is read to a family before it consents, from a day on.

    `adult_from` is the age in years from which a person signs for himself.
    """

    text: Col[
        Annotated[
            str,
            StringConstraints(min_length=40, max_length=4000),
            RequestOnly("Saya setuju data minimum keluarga saya disampaikan kepada mitra program ini."),
        ]
    ]
    valid_from: Col[Day]
    adult_from: Col[Annotated[StrictInt, Interval(ge=12, le=25), RequestOnly(18)]] = Field(default=18)
    basis: Col[Sentence]


class ConsentTextView(ConsentTextTerms, Authored):
    """A version of the text.

    It is in force from `valid_from` until the day before the next one's, unless it was voided.
    """

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    voided_on: Col[date | None] = Field(default=None)


class ConsentText(ConsentTextView, Table, table=True):
    """The text to which a family consents, by version.

    A text is never edited (UU 27/2022 art. 20, 22). It is in force from `valid_from` until the day before
    the next one's.
    """

    __table_args__ = (
        sa.Index(
            "uq_consent_text_valid_from",
            "valid_from",
            unique=True,
            postgresql_where=sa.text("voided_on IS NULL"),
        ),
    )


class Identity(Table, table=True):
    """The minimum identity of a family for one rujukan program, sealed under referral's own keys."""

    for_id: Col[UUID] = Field(primary_key=True)
    recipient: Col[str] = Field(primary_key=True)
    kpm_id: Col[UUID]
    sealed: Col[bytes]
    arrived_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})
