"""Events of referral about offers to partners and their outcomes. Key: `kpm_id`."""

from datetime import date
from uuid import UUID

from pydantic import Field

from shared.contracts.caseload_activity import VoidReason
from shared.contracts.kinds import ExitReason
from shared.contracts.rujukan_kinds import BenefitKind, RefusalCode, RujukanProgramState, RujukanPurpose
from shared.events import Event


class RujukanOpened(Event, wire="referral.rujukan_opened.v1", key="kpm_id"):
    """A rujukan is open for a family.

    Used by: registry.rujukan, graduation.rujukan
    """

    rujukan_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    purpose: RujukanPurpose
    exit_reason: ExitReason


class ConsentFacts(Event):
    """The consent of a family for one partner, on a version of the text.

    `persons` are the ids of the members whose identity is shared: the signer and the owners of the business.
    """

    consent_id: UUID
    rujukan_id: UUID
    rujukan_program_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    partner_id: UUID
    text_version: int
    persons: list[UUID] = Field(default_factory=list[UUID])


class ConsentGiven(ConsentFacts, wire="referral.consent_given.v1", key="kpm_id"):
    """A family lets a partner know its identity, for one program.

    Used by: caseload.sealing
    """


class ConsentWithdrawn(ConsentFacts, wire="referral.consent_withdrawn.v1", key="kpm_id"):
    """A family has withdrawn its consent, and nothing more is shared with the partner.

    Used by: caseload.sealing
    """

    reason: str


class RujukanProgramFacts(Event):
    """The current state of one offer to one partner. Money is in rupiah."""

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
    """The partner's system has received an offer.

    Used by: registry.rujukan, caseload.aid, graduation.rujukan
    """

    sent_on: date


class RujukanAnswered(RujukanProgramFacts, wire="referral.rujukan_answered.v1", key="kpm_id"):
    """The partner has answered an offer, or corrected its answer.

    Used by: registry.rujukan, caseload.aid, caseload.tugas, graduation.rujukan

    The values are those that hold now. `late`: the offer had expired.
    """

    reason_code: RefusalCode | None = None
    amount_rp: int | None = None
    answered_on: date
    corrected: bool = False
    late: bool = False


class RujukanSupplied(RujukanProgramFacts, wire="referral.rujukan_supplied.v1", key="kpm_id"):
    """The data that a partner asked for were supplied.

    Used by: caseload.aid, caseload.tugas, graduation.rujukan

    `voided`: the data were wrong, and the partner waits for data again.
    """

    supplied_on: date
    voided: bool = False


class RujukanDelivered(RujukanProgramFacts, wire="referral.rujukan_delivered.v1", key="kpm_id"):
    """The aid of an offer has reached the family.

    Used by: registry.rujukan, caseload.aid, caseload.tugas, graduation.rujukan

    The values are those that hold now. `late`: the offer had expired or was withdrawn.
    """

    amount_rp: int | None = None
    delivered_on: date
    corrected: bool = False
    late: bool = False


class RujukanDeliveryVoided(RujukanProgramFacts, wire="referral.rujukan_delivery_voided.v1", key="kpm_id"):
    """The delivery of an offer was recorded by mistake, and does not count.

    Used by: registry.rujukan, caseload.aid, graduation.rujukan

    `status` and `amount_rp` are those after the void.
    """

    amount_rp: int | None = None
    voided_on: date
    reason: VoidReason


class RujukanWithdrawn(RujukanProgramFacts, wire="referral.rujukan_withdrawn.v1", key="kpm_id"):
    """An offer was withdrawn.

    Used by: registry.rujukan, caseload.aid, caseload.tugas, graduation.rujukan
    """

    reason: str
    withdrawn_on: date


class RujukanExpired(RujukanProgramFacts, wire="referral.rujukan_expired.v1", key="kpm_id"):
    """An offer has expired, because the partner let its term pass.

    Used by: caseload.aid, caseload.tugas
    """

    expired_on: date


class OutcomeRecorded(Event, wire="referral.outcome_recorded.v1", key="kpm_id"):
    """The state of a business in month 3, 6, 12 or 24 after delivery.

    Used by: graduation.relapse

    Turnover is in rupiah per month. `voided`: it was recorded by mistake, and does not count.
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
    corrected: bool = False
    late: bool = False
    voided: bool = False


class RelapseReported(Event, wire="referral.relapse_reported.v1", key="kpm_id"):
    """A partner or an officer reports that a family may have relapsed.

    Used by: caseload.tugas, graduation.relapse

    `voided`: the report was a mistake.
    """

    rujukan_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    month: int
    cause: str
    reported_on: date
    voided: bool = False
