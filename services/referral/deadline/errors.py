from shared.errors import DomainError


class EscalationAcknowledged(DomainError):
    """409: somebody has taken this escalation up already."""

    en = "This escalation was taken up on {on}."
    id = "Eskalasi ini sudah ditangani pada {on}."


class SlaTermTaken(DomainError):
    """409: a term holds from that day or later already."""

    en = "A term already holds from {valid_from} or later."
    id = "Sudah ada tenggat yang berlaku sejak {valid_from} atau sesudahnya."
