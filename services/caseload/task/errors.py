from shared.errors import DomainError


class TugasAlreadyDone(DomainError):
    """409: the task is already done."""

    en = "This task is already done."
    id = "Tugas ini sudah diselesaikan."
