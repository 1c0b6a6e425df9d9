"""What referral tells: who took over, and did it help. Key: `kpm_id`."""

from datetime import date
from uuid import UUID

from shared.contracts.kinds import BenefitKind, ExitReason, RefusalCode, RujukanProgramState, RujukanPurpose
from shared.events import Event


class RujukanOpened(Event, wire="referral.rujukan_opened.v1", key="kpm_id"):
    """A graduate's case is open with referral. Graduation keeps the link of invariant I7; registry the funnel.

    Used by: registry.rujukan, graduation.rujukan
    """

    rujukan_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    purpose: RujukanPurpose
    exit_reason: ExitReason


class ConsentFacts(Event):
    """Which family said what about which partner, on which text."""

    consent_id: UUID
    rujukan_id: UUID
    rujukan_program_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    partner_id: UUID
    text_version: int


class ConsentGiven(ConsentFacts, wire="referral.consent_given.v1", key="kpm_id"):
    """The family lets this partner know who it is, for this program. Caseload seals the identity.

    Used by: caseload.sealing
    """


class ConsentWithdrawn(ConsentFacts, wire="referral.consent_withdrawn.v1", key="kpm_id"):
    """The family takes its consent back: nothing more is shared with this partner. Caseload stops.

    Used by: caseload.sealing
    """

    reason: str


class RujukanProgramFacts(Event):
    """One offer to one partner, as it now stands. Money in rupiah."""

    rujukan_id: UUID
    rujukan_program_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    partner_id: UUID
    program_code: str
    benefit_kinds: list[BenefitKind]
    status: RujukanProgramState


class RujukanSent(RujukanProgramFacts, wire="referral.rujukan_sent.v1", key="kpm_id"):
    """The partner's system has the referral. Caseload: aid history; graduation: cohort.

    Used by: registry.rujukan, caseload.aid, graduation.rujukan
    """

    sent_on: date


class RujukanAnswered(RujukanProgramFacts, wire="referral.rujukan_answered.v1", key="kpm_id"):
    """The partner has answered. Registry: acceptance.

    Used by: registry.rujukan, caseload.aid, graduation.rujukan
    """

    reason_code: RefusalCode | None = None
    amount_rp: int | None = None
    answered_on: date


class RujukanDelivered(RujukanProgramFacts, wire="referral.rujukan_delivered.v1", key="kpm_id"):
    """The aid has reached the family.

    Used by: registry.rujukan, caseload.aid, graduation.rujukan
    """

    amount_rp: int | None = None
    delivered_on: date


class RujukanWithdrawn(RujukanProgramFacts, wire="referral.rujukan_withdrawn.v1", key="kpm_id"):
    """The offer was taken back; the partner is told.

    Used by: registry.rujukan, caseload.aid, graduation.rujukan
    """

    reason: str
    withdrawn_on: date


class RujukanExpired(RujukanProgramFacts, wire="referral.rujukan_expired.v1", key="kpm_id"):
    """The partner let the offer's term pass, and it has run out. Caseload: aid history; registry: acceptance.

    Used by: caseload.aid
    """

    expired_on: date


class OutcomeRecorded(Event, wire="referral.outcome_recorded.v1", key="kpm_id"):
    """In month 3, 6, 12 or 24 after delivery: is the business alive, with what monthly turnover in rupiah.

    Used by: graduation.relapse
    """

    rujukan_id: UUID
    rujukan_program_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    program_code: str
    month: int
    still_in_business: bool
    omzet_rp: int | None = None
    recorded_on: date


class RelapseReported(Event, wire="referral.relapse_reported.v1", key="kpm_id"):
    """A partner or officer reports that the family may have fallen back. Graduation checks; caseload visits.

    Used by: caseload.tugas, graduation.relapse
    """

    rujukan_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    month: int
    cause: str
    reported_on: date
