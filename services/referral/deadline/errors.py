from shared.errors import DomainError


class EscalationAcknowledged(DomainError):
    """409: somebody has acknowledged this escalation before."""

    en = "This escalation was taken up on {on}."
    id = "Eskalasi ini sudah ditangani pada {on}."
