"""Events of graduation about cases, decisions and monitoring.

The key is `kpm_id`, or `pendamping_id` for credits.
"""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.kinds import (
    AsesmenResult,
    BackPayReason,
    Bansos,
    ClosedAs,
    ExitReason,
    MonitoringOutcome,
    SanggahOutcome,
)
from shared.events import Event


class BackPay(BaseModel):
    """Whether a family receives one withheld tahap after an annulment, with the coded reason."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tahap: str
    paid: bool
    reason: BackPayReason


class KpmAssessed(Event, wire="graduation.kpm_assessed.v1", key="kpm_id"):
    """A family was assessed under a policy version.

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
    """A graduation case is proposed for a kepesertaan.

    Used by: caseload.graduation

    `exit_proposal_id` is set if an exit proposal of caseload opened the case.
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    exit_reason: ExitReason
    exit_proposal_id: UUID | None = None


class GraduasiClosed(Event, wire="graduation.graduasi_closed.v1", key="kpm_id"):
    """A case has ended without a penetapan.

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
    """An SK determines the graduation of a family.

    Used by: registry.graduasi, caseload.graduation, referral.graduation

    Emitted again when the SK is corrected.
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
    announced_on: date | None = None
    term_ends_on: date
    effective_tahap: str
    effective_on: date
    opens_rujukan: bool
    pendamping_id: UUID | None = None
    statement_offers_sha256: str | None = None


class CreditGranted(Event, wire="graduation.credit_granted.v1", key="pendamping_id"):
    """A penetapan counts to a penugasan's year.

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
    """A credit no longer counts, because its penetapan was annulled or another one counts.

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
    """An objection was lodged within the term.

    Used by: registry.graduasi, caseload.graduation, referral.graduation
    """

    sanggah_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kepesertaan_id: UUID
    lodged_on: date
    suspends: bool


class SanggahDecided(Event, wire="graduation.sanggah_decided.v1", key="kpm_id"):
    """An objection was decided, or has lapsed.

    Used by: registry.graduasi, caseload.graduation, referral.graduation

    If it was refused or recorded in error, the graduation takes effect as stated here. If it was accepted, `back_pay`
    decides each withheld tahap.
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
    back_pay: list[BackPay] = Field(default_factory=list[BackPay])


class KpmGraduated(Event, wire="graduation.kpm_graduated.v1", key="kpm_id"):
    """A graduation is final: the membership ends on `effective_on`.

    Used by: registry.graduasi, caseload.graduation, referral.graduation

    `effective_on` may lie ahead. Emitted again when the tahap moves: the last event of a `graduasi_id` holds. Without
    `monitoring_months` nobody is to visit the family.
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
    """The SK is annulled for a family, before or after its effect.

    Used by: registry.graduasi, caseload.graduation, referral.graduation

    `back_pay` decides each withheld tahap. `back_pay_tahap` are those of them that are paid.
    Emitted again when a decision about back pay is replaced.
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
    back_pay: list[BackPay] = Field(default_factory=list[BackPay])


class MonitoringRecorded(Event, wire="graduation.monitoring_recorded.v1", key="kpm_id"):
    """A monitoring month after an exit was recorded.

    Used by: registry.graduasi, caseload.graduation, caseload.tugas

    The last month has `completes` and the outcome of the monitoring. Month 0 is no visit: the family has ended, and
    the monitoring with it. `voided`: the result of that month does not count, until another one is recorded.
    `reopens`: the voided result had completed the monitoring, which continues.
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
    visited_on: date | None = None
    voided: bool = False
    reopens: bool = False


class RelapseConfirmed(Event, wire="graduation.relapse_confirmed.v1", key="kpm_id"):
    """A relapse of a graduated family was confirmed.

    Used by: registry.graduasi, caseload.tugas, referral.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    month: int
    cause: str
    confirmed_on: date
    penugasan_id: UUID | None = None


class RelapseReversed(Event, wire="graduation.relapse_reversed.v1", key="kpm_id"):
    """A relapse was confirmed by a wrong result, which two people have reversed.

    Used by: registry.graduasi, caseload.tugas, referral.graduation
    """

    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    month: int
    confirmed_on: date
    reversed_on: date
