from shared.errors import DomainError


class NothingToFollow(DomainError):
    """409: the offer has not come to nothing, so nothing follows it."""

    en = "This offer is {state}; a next one is proposed after a refusal, an expiry, a withdrawal or on a waiting list."
    id = (
        "Penawaran ini berstatus {state}; pilihan berikutnya diusulkan setelah ditolak, kedaluwarsa, dicabut,"
        " atau selama dalam daftar tunggu."
    )
