from shared.errors import DomainError
from shared.remedies import WAIT


class NextBestNotAllowed(DomainError):
    """409: the offer is not refused, expired, withdrawn or on a waiting list."""

    en = "This offer is {state}; a next one is proposed after a refusal, an expiry, a withdrawal or on a waiting list."
    id = (
        "Penawaran ini berstatus {state}; pilihan berikutnya diusulkan setelah ditolak, kedaluwarsa, dicabut,"
        " atau selama dalam daftar tunggu."
    )
    remedy = WAIT
