"""Terms of requests about members of a family, and their former NIK."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from annotated_types import Len
from pydantic import StrictBool, StringConstraints
from sqlmodel import Field

from services.caseload.family.models import AnggotaFacts, Relation
from services.caseload.tables import RECORDED, Table
from shared.approval import ApprovalTerms
from shared.contracts.kinds import Sex
from shared.database.tables import Col, Fields
from shared.fields import KNOWN, ONE_LINE, Code, Day, RequestOnly, Sha256, Wilayah
from shared.privacy import Nik, NoKk

Name = Annotated[
    str, ONE_LINE, StringConstraints(min_length=1, max_length=120), RequestOnly("Contoh Anggota")
]


class JoinReason(StrEnum):
    """How a person joins a family."""

    LAHIR = "LAHIR"
    KAWIN_MASUK = "KAWIN_MASUK"
    GABUNG = "GABUNG"


class JoinTerms(AnggotaFacts):
    """A person who joins a family, also by birth, and the day.

    Evidence is needed for somebody who leaves another family for it.
    """

    nik: Nik | None = None
    name: Name
    on: Day
    reason: JoinReason
    evidence_sha256: Sha256 | None = None


class ReturnTerms(ApprovalTerms):
    """Why the end was recorded in error.

    `reason` is a code of your own, which the history keeps. Evidence is needed to undo a death.
    """

    reason: Code


class DeathReversalTerms(ReturnTerms):
    """The family of somebody who was recorded dead in error, why, and the evidence."""

    kpm_id: UUID


class CorrectionTerms(Fields):
    """Values of a member that were recorded wrongly, and the evidence.

    What is left out stays.
    """

    name: Name | None = None
    birth_on: Day | None = None
    sex: Annotated[Sex, KNOWN] | None = None
    relation: Relation | None = None
    married: StrictBool | None = None
    evidence_sha256: Sha256


class NikTerms(Fields):
    """The corrected NIK of a member, and the evidence."""

    nik: Nik
    evidence_sha256: Sha256


class NoKkTerms(Fields):
    """The family's new card, its first day and the evidence."""

    no_kk: NoKk
    on: Day
    evidence_sha256: Sha256


class SplitTerms(Fields):
    """Members who leave together with a new family card. `kode_wilayah` defaults to the old one."""

    no_kk: NoKk
    anggota_ids: Annotated[list[UUID], Len(1, 40)]
    pengurus_id: UUID
    kode_wilayah: Wilayah | None = None
    on: Day
    evidence_sha256: Sha256


class NikHistory(Table, table=True):
    """A former, corrected NIK of a person, sealed with its own index."""

    nik_history_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    anggota_id: Col[UUID] = Field(foreign_key="kpm_anggota.anggota_id", index=True)
    nik_index: Col[bytes] = Field(index=True)
    nik_sealed: Col[bytes]
    evidence_sha256: Col[str]
    replaced_on: Col[date]
    recorded_at: Col[datetime] = RECORDED
