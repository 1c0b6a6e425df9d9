from shared.errors import DomainError
from shared.remedies import ALREADY_DONE, operation
from shared.roles import DINSOS, MINISTRY


class EscalationAcknowledged(DomainError):
    """409: somebody has acknowledged this escalation before."""

    en = "This escalation was taken up on {on}. Nothing more is needed."
    id = "Eskalasi ini sudah ditangani pada {on}. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class AcknowledgementMissing(DomainError):
    """409: nobody has acknowledged this escalation, or it was taken back before."""

    en = "Nobody has taken up this escalation. Take it up first."
    id = "Eskalasi ini belum ditangani siapa pun. Tangani dahulu."
    remedy = operation("acknowledge_escalation", DINSOS | MINISTRY)
