from shared.errors import DomainError


class TugasAlreadyDone(DomainError):
    """409: done once."""

    en = "This task is done already."
    id = "Tugas ini sudah diselesaikan."
