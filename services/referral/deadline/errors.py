from shared.errors import DomainError
from shared.remedies import ALREADY_DONE


class EscalationAcknowledged(DomainError):
    """409: somebody has acknowledged this escalation before."""

    en = "This escalation was taken up on {on}. Nothing more is needed."
    id = "Eskalasi ini sudah ditangani pada {on}. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE
