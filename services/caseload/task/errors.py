from shared.errors import DomainError
from shared.remedies import ALREADY_DONE


class TugasAlreadyDone(DomainError):
    """409: the task is already done."""

    en = "This task is already done. Nothing more is needed."
    id = "Tugas ini sudah diselesaikan. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class TugasNotDone(DomainError):
    """409: only a task that is done can be opened again."""

    en = "This task is open. Nothing more is needed."
    id = "Tugas ini masih terbuka. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class TugasSettled(DomainError):
    """409: what the task asked for has been done."""

    en = "What this task asked for has been done since. Nothing more is needed."
    id = "Yang diminta tugas ini sudah dilakukan. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE
