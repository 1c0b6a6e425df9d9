"""Events of caseload about families and what is done with them.

The key is `kpm_id`, or `pendamping_id` where the class says so. Attributes are limited to the allow-list of
docs/architecture.md#personal-data: counts, flags, codes, dates, birth year and sex of the pengurus.
"""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    ExitReason,
    FamilyEndReason,
    KomponenKind,
    LimitSide,
    PilarKind,
    Sex,
    UsahaEndReason,
    UsahaSector,
)
from shared.events import SEALED_TOPIC, Event


class Desil(BaseModel):
    """A welfare decile, 1 (poorest) to 10, of a population and a DTSEN snapshot ("2026-Q1")."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    scope: DesilScope
    value: int
    snapshot: str


class KpmFacts(Event):
    """The full state of a family, as far as other services may know it.

    `member_ids` are the ids of the present members, `minor_ids` those of minors among them, `former_members` those of
    people who have died or left. `ended_on` is the day on which the family ended.
    """

    kpm_id: UUID
    kode_wilayah: str
    members: int
    able_productive: int
    lansia: int
    disabilitas: int
    komponen: dict[KomponenKind, int]
    last_komponen_ends_on: date | None = None
    desil: list[Desil]
    p2k2_invited: int = 0
    p2k2_attended: int = 0
    pengurus_sex: Sex | None = None
    pengurus_birth_year: int | None = None
    pengurus_married: bool | None = None
    pengurus_id: UUID | None = None
    member_ids: list[UUID] = Field(default_factory=list[UUID])
    minor_ids: list[UUID] = Field(default_factory=list[UUID])
    former_members: list[UUID] = Field(default_factory=list[UUID])
    ended_on: date | None = None
    end_reason: FamilyEndReason | None = None


class KpmRegistered(KpmFacts, wire="caseload.kpm_registered.v1", key="kpm_id"):
    """A family is registered.

    Used by: registry.coverage, graduation.kpm, referral.kpm
    """


class KpmUpdated(KpmFacts, wire="caseload.kpm_updated.v1", key="kpm_id"):
    """The facts of a family have changed.

    Used by: registry.coverage, graduation.kpm, graduation.exits, referral.kpm, referral.moves

    The event has the complete new state.
    """


class UsahaRecorded(Event, wire="caseload.usaha_recorded.v1", key="kpm_id"):
    """A member's business is recorded, or its facts have changed.

    Used by: graduation.kpm, referral.kpm, referral.moves

    Turnover is in rupiah per month. A business with `ended_on` counts for nothing from that day. `continues` is the
    business of another member that was transferred to this owner.
    """

    usaha_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    owner_sex: Sex
    owner_birth_year: int
    owner_married: bool
    sector: UsahaSector
    started_on: date
    omzet_rp: int
    has_nib: bool
    has_letter: bool
    owner_id: UUID | None = None
    ended_on: date | None = None
    end_reason: UsahaEndReason | None = None
    continues: UUID | None = None


class KepesertaanStarted(Event, wire="caseload.kepesertaan_started.v1", key="kpm_id"):
    """A family is a member of a bansos from a date.

    Used by: registry.coverage, graduation.kpm
    """

    kepesertaan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    bansos: Bansos
    valid_from: date


class KepesertaanEnded(Event, wire="caseload.kepesertaan_ended.v1", key="kpm_id"):
    """The membership of a bansos has an end.

    Used by: registry.coverage, graduation.kpm

    `valid_to` is the first day without membership.
    """

    kepesertaan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    bansos: Bansos
    valid_from: date
    valid_to: date
    exit_reason: ExitReason
    graduasi_id: UUID | None = None
    last_payable_tahap: str | None = None


class KepesertaanVoided(Event, wire="caseload.kepesertaan_voided.v1", key="kpm_id"):
    """A membership was recorded in error, and covers no day.

    Used by: registry.coverage, graduation.kpm, graduation.exits

    `valid_to` is `valid_from`.
    """

    kepesertaan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    bansos: Bansos
    valid_from: date
    valid_to: date


class KepesertaanRestored(Event, wire="caseload.kepesertaan_restored.v1", key="kpm_id"):
    """A membership continues, because its graduation was annulled.

    Used by: registry.coverage, graduation.kpm

    `valid_to` is set if another membership of the bansos starts on that day, after a re-entry before the
    annulment.
    """

    kepesertaan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    bansos: Bansos
    valid_from: date
    graduasi_id: UUID
    valid_to: date | None = None


class DampinganFacts(Event):
    """The pendamping of a family, with placement, purpose and range."""

    dampingan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    pendamping_id: UUID
    penugasan_id: UUID
    kind: PilarKind
    purpose: DampinganPurpose
    valid_from: date
    valid_to: date | None = None
    reason: str | None = None


class DampinganStarted(DampinganFacts, wire="caseload.dampingan_started.v1", key="kpm_id"):
    """A pendamping accompanies a family from a date.

    Used by: registry.load, graduation.kpm, referral.kpm
    """


class DampinganChanged(DampinganFacts, wire="caseload.dampingan_changed.v1", key="kpm_id"):
    """The purpose of a dampingan has changed.

    Used by: registry.load, graduation.kpm, referral.kpm

    After an exit it is PEMANTAUAN: the pendamping still has access, and the family does not count to the
    caseload.
    """


class DampinganEnded(DampinganFacts, wire="caseload.dampingan_ended.v1", key="kpm_id"):
    """A dampingan has ended.

    Used by: registry.load, graduation.kpm, referral.kpm
    """


class DampinganLimitCrossed(Event, wire="caseload.dampingan_limit_crossed.v1", key="pendamping_id"):
    """The number of families of a pendamping has passed the limit, up or down.

    Used by: registry.load
    """

    pendamping_id: UUID
    penugasan_id: UUID
    count: int
    limit: int
    side: LimitSide


class ExitProposed(Event, wire="caseload.exit_proposed.v1", key="kpm_id"):
    """Somebody proposes, on evidence, that a kepesertaan ends without a score.

    Used by: graduation.exits
    """

    exit_proposal_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    bansos: Bansos
    exit_reason: ExitReason
    evidence_sha256: str
    # The person: the pendamping_id, else the account. `proposer_sub` is the account, which older events do not have.
    proposer: str
    proposer_sub: str | None = None
    pendamping_id: UUID | None = None
    penugasan_id: UUID | None = None
    proposed_on: date
    # The act from which the proposal follows, such as the death of the only member.
    fact_id: UUID | None = None


class ExitProposalWithdrawn(Event, wire="caseload.exit_proposal_withdrawn.v1", key="kpm_id"):
    """The proposer has withdrawn an exit proposal.

    Used by: graduation.exits
    """

    exit_proposal_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    withdrawn_by: str
    withdrawn_on: date


class IdentitySealed(Event, wire="caseload.identity_sealed.v1", key="kpm_id", topic=SEALED_TOPIC):
    """The minimum fields of a person, readable by `recipient` alone.

    Used by: referral.identity

    Its body is deleted after 7 days and never republished.
    """

    recipient: str
    for_id: UUID
    kpm_id: UUID
    key_id: str
    ciphertext: str
