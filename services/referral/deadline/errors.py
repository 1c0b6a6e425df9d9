from shared.errors import DomainError


class EscalationAcknowledged(DomainError):
    """409: somebody has taken this escalation up already."""

    en = "This escalation was taken up on {on}."
    id = "Eskalasi ini sudah ditangani pada {on}."
