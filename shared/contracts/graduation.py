"""What graduation tells: may this family leave, who decided, did it hold. Key: `kpm_id`; credits: `pendamping_id`."""

from datetime import date
from uuid import UUID

from shared.contracts.kinds import (
    AsesmenResult,
    Bansos,
    ClosedAs,
    ExitReason,
    MonitoringOutcome,
    SanggahOutcome,
)
from shared.events import Event


class KpmAssessed(Event, wire="graduation.kpm_assessed.v1", key="kpm_id"):
    """A family was assessed under a policy version. Caseload shows it; referral may prepare offers.

    Used by: nothing yet
    """

    asesmen_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    result: AsesmenResult
    policy_version: int
    author: str
    penugasan_id: UUID | None = None
    on: date


class GraduasiProposed(Event, wire="graduation.graduasi_proposed.v1", key="kpm_id"):
    """A case is open on a kepesertaan. Caseload marks it; `exit_proposal_id` where it is the one that caseload proposed.

    Used by: caseload.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    exit_reason: ExitReason
    exit_proposal_id: UUID | None = None


class GraduasiClosed(Event, wire="graduation.graduasi_closed.v1", key="kpm_id"):
    """A case ended without a penetapan. Caseload clears its mark, referral drops offers.

    Used by: caseload.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    exit_reason: ExitReason
    closed_as: ClosedAs
    reason: str


class GraduasiDetermined(Event, wire="graduation.graduasi_determined.v1", key="kpm_id"):
    """A case stands in an SK. Referral opens a rujukan where it says so; caseload announces the end; registry counts.

    Used by: registry.graduasi, caseload.graduation, referral.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    bansos: Bansos
    exit_reason: ExitReason
    sk_id: UUID
    sk_no: str
    sk_on: date
    term_ends_on: date
    effective_tahap: str
    effective_on: date
    opens_rujukan: bool
    pendamping_id: UUID | None = None
    statement_offers_sha256: str | None = None


class CreditGranted(Event, wire="graduation.credit_granted.v1", key="pendamping_id"):
    """A penetapan counts to a penugasan's year. Graduation alone evaluated the rule; registry adds.

    Used by: registry.credit
    """

    credit_id: UUID
    graduasi_id: UUID
    pendamping_id: UUID
    penugasan_id: UUID
    year: int
    exit_reason: ExitReason
    kode_wilayah: str
    rule_version: int


class CreditReversed(Event, wire="graduation.credit_reversed.v1", key="pendamping_id"):
    """The credit no longer counts: its penetapan was undone.

    Used by: registry.credit
    """

    credit_id: UUID
    graduasi_id: UUID
    pendamping_id: UUID
    penugasan_id: UUID
    year: int
    exit_reason: ExitReason
    kode_wilayah: str
    rule_version: int
    reason: str


class SanggahLodged(Event, wire="graduation.sanggah_lodged.v1", key="kpm_id"):
    """Somebody objects in term. Caseload holds the end, referral pauses.

    Used by: caseload.graduation, referral.graduation
    """

    sanggah_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    lodged_on: date
    suspends: bool


class SanggahDecided(Event, wire="graduation.sanggah_decided.v1", key="kpm_id"):
    """The objection is decided. Refused: what was held goes on, effective as said here.

    Used by: caseload.graduation, referral.graduation
    """

    sanggah_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    outcome: SanggahOutcome
    decided_on: date
    effective_tahap: str | None = None
    effective_on: date | None = None
    last_payable_tahap: str | None = None


class KpmGraduated(Event, wire="graduation.kpm_graduated.v1", key="kpm_id"):
    """The graduation takes effect. Caseload ends the kepesertaan; referral sends what waited; registry knows.

    Used by: registry.graduasi, caseload.graduation, referral.graduation

    With no `monitoring_months` nobody is to be visited: caseload ends the dampingan with the kepesertaan.
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    bansos: Bansos
    exit_reason: ExitReason
    effective_on: date
    effective_tahap: str
    last_payable_tahap: str
    certificate_no: str
    monitoring_months: int | None = None


class GraduasiAnnulled(Event, wire="graduation.graduasi_annulled.v1", key="kpm_id"):
    """The SK is undone for this family, effect or not. Caseload restores, referral withdraws and tells the partner.

    Used by: registry.graduasi, caseload.graduation, referral.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    bansos: Bansos
    exit_reason: ExitReason
    reason: str
    was_effective: bool
    back_pay_tahap: list[str]
    annulled_on: date


class MonitoringRecorded(Event, wire="graduation.monitoring_recorded.v1", key="kpm_id"):
    """In month n after the exit the family was seen, still standing or not. Registry counts survival.

    Used by: registry.graduasi, caseload.tugas

    The last month `completes` the monitoring with its outcome: caseload ends the dampingan.
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    month: int
    still_out: bool
    recorded_on: date
    pendamping_id: UUID | None = None
    penugasan_id: UUID | None = None
    completes: bool = False
    outcome: MonitoringOutcome | None = None


class RelapseConfirmed(Event, wire="graduation.relapse_confirmed.v1", key="kpm_id"):
    """The family has fallen back. Caseload makes a re-entry task, referral a next offer, registry counts.

    Used by: registry.graduasi, caseload.tugas, referral.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    month: int
    cause: str
    confirmed_on: date
    penugasan_id: UUID | None = None
