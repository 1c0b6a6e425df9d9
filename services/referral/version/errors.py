"""Refusals of voids of versions."""

from shared.errors import DomainError
from shared.remedies import ALREADY_DONE, one_of, to_call
from shared.roles import MINISTRY

SETTERS = (
    "publish_program",
    "set_consent_text",
    "set_outcome_rule",
    "set_sla_term",
    "set_quota",
    "set_intake",
)
SET_AGAIN = one_of(*(to_call(name, MINISTRY) for name in SETTERS))


class VersionNotVoidable(DomainError):
    """409: a version that has applied on earlier days is not voided."""

    en = "This version has applied since {on}, so it cannot be voided. Set the next version from a later day."
    id = "Versi ini berlaku sejak {on}, sehingga tidak dapat dibatalkan. Tetapkan versi berikutnya mulai tanggal sesudahnya."
    remedy = SET_AGAIN


class VersionAlreadyVoided(DomainError):
    """409: the version was voided before."""

    en = "This version was voided on {on}. Nothing more is needed."
    id = "Versi ini sudah dibatalkan pada {on}. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE
