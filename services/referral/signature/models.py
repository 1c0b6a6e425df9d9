"""Persons whose identity a consent allows to share, and who signed for them."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.referral.rujukan.models import OFFER_ID
from services.referral.tables import Table
from shared.database.tables import Col, Fields


class PersonRole(StrEnum):
    """Why a person's identity is shared: signature for the family, or ownership of the business."""

    SIGNER = "SIGNER"
    OWNER = "OWNER"


class ConsentPersonView(Fields):
    """A person whose identity is shared, in one role, and who signed."""

    role: Col[PersonRole]
    anggota_id: Col[UUID]
    signed_by: Col[UUID]


class ConsentPerson(ConsentPersonView, Table, table=True):
    """A person whose identity is shared, in one role.

    `signed_by` is a guardian if the person is a minor. Rows are append-only.
    """

    __table_args__ = (
        sa.PrimaryKeyConstraint("consent_id", "role"),
        sa.Index("ix_consent_person_rujukan_program_id", "rujukan_program_id"),
    )

    consent_id: Col[UUID] = Field(foreign_key="consent.consent_id")
    rujukan_program_id: Col[UUID] = Field(foreign_key=OFFER_ID)
