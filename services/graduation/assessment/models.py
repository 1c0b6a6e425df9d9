from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlmodel import Field

from services.graduation.tables import Sha256, Table, is_sha256
from shared.contracts.kinds import AsesmenResult
from shared.database.tables import Col, Fields
from shared.field_classes import SPESIFIK
from shared.fields import Day, Wilayah


class JudgementFields(Fields):
    """The result of an assessment under a version of the instrument."""

    asesmen_id: Col[UUID] = Field(primary_key=True)
    instrument_version: Col[int]
    result: Col[AsesmenResult]
    score_percent: Col[Annotated[int, SPESIFIK]]


class AsesmenFields(JudgementFields):
    """An assessment with the facts at its date."""

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", index=True)
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    assessed_on: Col[date]
    bersedia: Col[Annotated[bool | None, SPESIFIK]]
    facts: Col[Annotated[dict[str, Any], SPESIFIK]]


class Asesmen(AsesmenFields, Table, table=True):
    """One assessment: answers, facts at its date, result and an explanation for each criterion. Append-only.

    A result never ends a kepesertaan by itself (docs/domain.md#readiness).
    """

    kpm_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    policy_id: Col[UUID] = Field(foreign_key="policy.policy_id")
    at: Col[datetime]
    answers: Col[dict[str, Any]]
    explanation: Col[list[dict[str, Any]]]


class PernyataanTerms(Fields):
    """The date and scan of a signed statement, and the offers shown to the family."""

    signed_on: Col[Day]
    evidence_sha256: Col[Sha256]
    offers_sha256: Col[Sha256]
    # The member who signed, by caseload's id. Without it the family's pengurus is taken.
    signer_id: Col[UUID | None] = Field(default=None)


class PernyataanView(PernyataanTerms):
    """The family's signed statement."""

    pernyataan_id: Col[UUID] = Field(primary_key=True)
    asesmen_id: Col[UUID] = Field(foreign_key="asesmen.asesmen_id")


class Pernyataan(PernyataanView, Table, table=True):
    """The family's signed statement, after it was shown the offers. Append-only.

    Of several on one assessment the case names the last one.
    """

    __table_args__ = (
        is_sha256("evidence_sha256"),
        is_sha256("offers_sha256"),
    )

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", index=True)
    kode_wilayah: Col[Wilayah]
    pendamping_id: Col[UUID]
    at: Col[datetime]


class UsulView(Fields):
    """The proposal, and the pendamping who would be credited with a penetapan."""

    usul_id: Col[UUID] = Field(primary_key=True)
    asesmen_id: Col[UUID | None] = Field(default=None, foreign_key="asesmen.asesmen_id")
    # Who would be credited with a penetapan: the author of the assessment, on short paths the proposer (docs/case-lifecycle.md#credit).
    # NULL if an official proposed the exit: an official has no penugasan and gets no credit.
    pendamping_id: Col[UUID | None]
    penugasan_id: Col[UUID | None]
    proposed_by: Col[str]
    proposed_on: Col[date]


class Usul(UsulView, Table, table=True):
    """A proposal with its assessment, if the policy requires one, and its policy version. Append-only."""

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", index=True)
    pernyataan_id: Col[UUID | None] = Field(default=None, foreign_key="pernyataan.pernyataan_id")
    policy_id: Col[UUID] = Field(foreign_key="policy.policy_id")
    kode_wilayah: Col[Wilayah]
    # The proposer and their penugasan, for credit rules that credit the proposer.
    proposer_pendamping_id: Col[UUID | None]
    proposer_penugasan_id: Col[UUID | None]
    facts: Col[dict[str, Any]]
    at: Col[datetime]
