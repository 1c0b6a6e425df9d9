"""Events of the audit trail, one class per publisher. Key: `service`.

They have topics of their own, so that a reader of blocks reads no other events.
"""

from datetime import datetime

from shared.events import AUDIT_TOPIC, Event


class AuditBlockClosed(Event):
    """A block of a service's audit trail is closed and signed.

    The hashes, the signature and the public key are hexadecimal.
    """

    service: str
    block_no: int
    closed_at: datetime
    entry_count: int
    merkle_root: str
    previous_hash: str
    block_hash: str
    signature: str
    public_key: str


class RegistryAuditBlockClosed(
    AuditBlockClosed, wire="registry.audit_block_closed.v1", key="service", topic=f"{AUDIT_TOPIC}registry"
):
    """A block of registry's audit trail is closed and signed.

    Used by: caseload.audit, graduation.audit, referral.audit
    """


class CaseloadAuditBlockClosed(
    AuditBlockClosed, wire="caseload.audit_block_closed.v1", key="service", topic=f"{AUDIT_TOPIC}caseload"
):
    """A block of caseload's audit trail is closed and signed.

    Used by: registry.audit, graduation.audit, referral.audit
    """


class GraduationAuditBlockClosed(
    AuditBlockClosed, wire="graduation.audit_block_closed.v1", key="service", topic=f"{AUDIT_TOPIC}graduation"
):
    """A block of graduation's audit trail is closed and signed.

    Used by: registry.audit, caseload.audit, referral.audit
    """


class ReferralAuditBlockClosed(
    AuditBlockClosed, wire="referral.audit_block_closed.v1", key="service", topic=f"{AUDIT_TOPIC}referral"
):
    """A block of referral's audit trail is closed and signed.

    Used by: registry.audit, caseload.audit, graduation.audit
    """


BY_SERVICE: dict[str, type[AuditBlockClosed]] = {
    "registry": RegistryAuditBlockClosed,
    "caseload": CaseloadAuditBlockClosed,
    "graduation": GraduationAuditBlockClosed,
    "referral": ReferralAuditBlockClosed,
}
