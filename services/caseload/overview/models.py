"""The view of a family's history."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.caseload.family.models import KpmHistoryItem, Relation
from shared.contracts.kinds import Bansos, DampinganPurpose, DesilScope, FamilyEndReason, KomponenKind
from shared.field_classes import SPESIFIK


class EndedKomponen(BaseModel):
    """A komponen that ended with its member, and its end before."""

    komponen_id: UUID
    kind: KomponenKind
    valid_from: date
    valid_to: date | None = None


class KpmHistoryDetail(BaseModel):
    """Values of an act. An act has only some of them."""

    # The walk of tests/contracts finds a value that is not listed here.
    model_config = ConfigDict(extra="forbid")

    on: date | None = None
    before: int | str | dict[str, str] | None = None
    evidence_sha256: str | None = None
    approval_request_id: UUID | None = None
    request_id: UUID | None = None
    job_id: UUID | None = None
    hand_over_id: UUID | None = None
    graduasi_id: UUID | None = None
    kepesertaan_id: UUID | None = None
    joined_kpm_id: UUID | None = None
    joined: UUID | None = None
    joined_from: UUID | None = None
    split_from: UUID | None = None
    split_to: UUID | None = None
    ended: UUID | None = None
    usaha_id: UUID | None = None
    members: list[UUID] = []
    dampingan: list[UUID] = []
    komponen: Annotated[list[EndedKomponen], SPESIFIK] = []
    fields: list[str] = []
    cleared: list[str] = []
    kind: str | None = None
    bansos: Bansos | None = None
    purpose: DampinganPurpose | None = None
    scope: DesilScope | None = None
    snapshot: str | None = None
    value: int | None = None
    relation: Relation | None = None
    was: Relation | None = None
    married: bool | None = None
    was_married: bool | None = None
    pengurus: bool | None = None
    name: bool | None = None
    over_limit: bool | None = None
    limit_version: int | None = None
    omzet_rp: Annotated[int | None, SPESIFIK] = None
    version: int | None = None
    as_of: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    left_on: date | None = None
    ended_on: date | None = None
    end_reason: str | None = None
    family_end: FamilyEndReason | None = None
    done_by: str | None = None
    expires_at: datetime | None = None


class KpmHistoryView(KpmHistoryItem):
    """An act on a family, with its values."""

    # The column is JSON of any content.
    detail: Annotated[KpmHistoryDetail, SPESIFIK]  # pyright: ignore[reportIncompatibleVariableOverride]
