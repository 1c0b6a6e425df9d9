from shared.errors import DomainError
from shared.remedies import WAIT, nothing, operation
from shared.roles import DINSOS, FIELD


class NextBestNotAllowed(DomainError):
    """409: the offer is not refused, expired, withdrawn or on a waiting list."""

    en = "This offer is {state}; a next one is proposed after a refusal, an expiry, a withdrawal or on a waiting list."
    id = (
        "Penawaran ini berstatus {state}; pilihan berikutnya diusulkan setelah ditolak, kedaluwarsa, dicabut,"
        " atau selama dalam daftar tunggu."
    )
    remedy = WAIT


class OfferNotDraft(DomainError):
    """409: the offer is not a draft, so it is not declined."""

    en = "This offer is {state}; only a draft is declined. If the family has agreed before, withdraw its consent."
    id = "Penawaran ini berstatus {state}; hanya rancangan yang dapat ditolak keluarga. Bila keluarga pernah setuju, cabut persetujuannya."
    remedy = operation("withdraw_consent", FIELD | DINSOS)


class OfferNotWithdrawn(DomainError):
    """409: the offer was not withdrawn before its delivery, so it is not made again."""

    en = "This offer is {state}; only an offer that was declined or withdrawn before its delivery is made again."
    id = "Penawaran ini berstatus {state}; hanya penawaran yang ditolak keluarga atau dicabut sebelum disalurkan yang dapat dibuat lagi."
    remedy = nothing(
        "The offer was not withdrawn, or was made again.",
        "Penawaran ini tidak dicabut, atau sudah dibuat lagi.",
    )
