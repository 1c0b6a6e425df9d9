from shared.errors import DomainError


class OfferStillOpen(DomainError):
    """409: The offer has not come to nothing, so no other program follows it."""

    en = "This offer is {state}; a next one is proposed after a refusal, an expiry, a withdrawal or on a waiting list."
    id = (
        "Penawaran ini berstatus {state}; pilihan berikutnya diusulkan setelah ditolak, kedaluwarsa, dicabut,"
        " atau selama dalam daftar tunggu."
    )
