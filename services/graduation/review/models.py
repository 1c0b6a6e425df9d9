from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import MaxLen
from sqlmodel import Field

from services.graduation.tables import Sha256, Table, is_sha256
from shared.database.tables import Col, Fields
from shared.fields import Day, DocumentNumber, RequestOnly, Sentence, Wilayah

MAX_NAMED = 200


class Grounds(Fields):
    """A reason, and its evidence, which the policy may require."""

    reason: Sentence
    evidence_sha256: Sha256 | None = None


class MusyawarahTerms(Fields):
    """The berita acara of the village's musyawarah."""

    berita_acara_no: Col[Annotated[DocumentNumber, RequestOnly("BA/014/V/2026")]]
    held_on: Col[Day]
    evidence_sha256: Col[Sha256]
    # The cases that it names. One berita acara may serve several families of one desa if it names all of them.
    graduasi_ids: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid()), MaxLen(MAX_NAMED)]] = Field(
        default_factory=list
    )


class Musyawarah(MusyawarahTerms, Table, table=True):
    """The musyawarah of a village on a case, with its berita acara. Append-only."""

    __table_args__ = (is_sha256("evidence_sha256"),)

    musyawarah_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", index=True)
    kode_wilayah: Col[Wilayah]
    at: Col[datetime]
