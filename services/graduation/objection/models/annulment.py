"""Tables of the annulment and its decision on withheld tahap (docs/case-lifecycle.md#annulment)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StrictBool, StringConstraints
from sqlmodel import Field

from services.graduation.tables import Table
from shared.contracts.kinds import BackPayReason
from shared.database.tables import Col, Fields
from shared.field_classes import PRIBADI
from shared.fields import KNOWN, RequestOnly, Sentence, Wilayah


class AnnulmentGround(StrEnum):
    """The coded ground of an annulment, which is sent in events.

    MENINGGAL: the family's only member died before the exit took effect.
    """

    SANGGAH_DITERIMA = "SANGGAH_DITERIMA"
    MENINGGAL = "MENINGGAL"
    SK_KELIRU = "SK_KELIRU"
    DATA_KELIRU = "DATA_KELIRU"
    PUTUSAN_KEBERATAN = "PUTUSAN_KEBERATAN"
    PUTUSAN_PENGADILAN = "PUTUSAN_PENGADILAN"
    LAINNYA = "LAINNYA"


class AnnulmentFields(Fields):
    """The annulment of an SK for one family, without its reason.

    `annulled_by` is an id.
    """

    ground: Col[AnnulmentGround]
    sanggah_id: Col[UUID | None] = Field(foreign_key="sanggah.sanggah_id")
    approval_request_id: Col[UUID | None] = Field(foreign_key="approval_request.approval_request_id")
    was_effective: Col[bool]
    annulled_on: Col[date]
    annulled_by: Col[str]


class Annulment(AnnulmentFields, Table, table=True):
    """The annulment of an SK for one family, before or after its effect. Final. Append-only.

    Without a sanggah or a death it has an approved request. The reason is sealed with the id of the case.
    """

    __table_args__ = (
        sa.CheckConstraint(
            "sanggah_id IS NOT NULL OR ground = 'MENINGGAL' OR approval_request_id IS NOT NULL",
            "two_persons",
        ),
    )

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", primary_key=True)
    kode_wilayah: Col[Wilayah]
    reason_sealed: Col[bytes]
    at: Col[datetime]


Tahap = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(?:[1-9]|1[0-2])$"), RequestOnly("2026-2")]


class BackPaymentFields(Fields):
    """Whether the family receives the withheld payment of one tahap.

    `reason_code` is sent in events.
    """

    tahap: Col[Tahap] = Field(primary_key=True)
    paid: Col[StrictBool]
    reason_code: Col[Annotated[BackPayReason, KNOWN]] = Field(default=BackPayReason.LAINNYA)


class BackPaymentTerms(BackPaymentFields):
    """Whether the family receives the withheld payment of one tahap, and why.

    `reason` is stored in this service only, sealed. `reason_code` is sent in events.
    """

    reason: Sentence


class BackPayView(BackPaymentFields):
    """Whether the family receives the withheld payment of one tahap, and why."""

    reason: Annotated[str, PRIBADI]


class BackPayment(BackPaymentFields, Table, table=True):
    """Whether the family receives one tahap withheld since the effective date. Append-only.

    The last revision counts. Each correction by two people adds one. The reason is sealed with
    `text_id`.
    """

    __table_args__ = (sa.PrimaryKeyConstraint("graduasi_id", "tahap", "revision"),)

    graduasi_id: Col[UUID] = Field(foreign_key="annulment.graduasi_id", primary_key=True)
    revision: Col[int] = Field(primary_key=True)
    kode_wilayah: Col[Wilayah]
    reason_sealed: Col[bytes]

    @property
    def text_id(self) -> str:
        """The place of the reason: case, tahap and revision."""
        return f"{self.graduasi_id} {self.tahap} {self.revision}"
