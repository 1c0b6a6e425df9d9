from shared.errors import DomainError
from shared.remedies import ENDED, WAIT, nothing, operation, value_from
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
    """409: the family has agreed to the offer, so it is not declined."""

    en = "This offer is {state}; only a draft is declined. The family has agreed, so withdraw its consent."
    id = "Penawaran ini berstatus {state}; hanya rancangan yang dapat ditolak keluarga. Keluarga sudah setuju, maka cabut persetujuannya."
    remedy = operation("withdraw_consent", FIELD | DINSOS)


class OfferHasEnded(DomainError):
    """409: the offer has ended, so it is not declined."""

    en = "This offer is {state}; there is nothing left to decline."
    id = "Penawaran ini berstatus {state}; tidak ada lagi yang perlu ditolak."
    remedy = ENDED


class OfferWithdrawn(DomainError):
    """409: the offer was declined or withdrawn, so the family consents to a new one."""

    en = "This offer was declined or withdrawn. If the family agrees now, make the offer again first."
    id = "Penawaran ini ditolak keluarga atau dicabut. Bila keluarga kini setuju, buat lagi penawarannya dahulu."
    remedy = operation("renew_offer", FIELD | DINSOS)


class OfferLapsed(DomainError):
    """409: the offer was made again, or its basis has ended."""

    en = "This offer was made again, or its basis has ended. Record the consent to the family's offer that is DRAF."
    id = "Penawaran ini sudah dibuat lagi, atau dasarnya sudah berakhir. Catat persetujuan pada penawaran keluarga yang berstatus DRAF."
    remedy = value_from("list_rujukan_programs", FIELD)


class OfferNotWithdrawn(DomainError):
    """409: the offer was not withdrawn before its delivery, so it is not made again."""

    en = "This offer is {state}; only an offer that was declined or withdrawn before its delivery is made again."
    id = "Penawaran ini berstatus {state}; hanya penawaran yang ditolak keluarga atau dicabut sebelum disalurkan yang dapat dibuat lagi."
    remedy = nothing(
        "The offer was not withdrawn, or was made again.",
        "Penawaran ini tidak dicabut, atau sudah dibuat lagi.",
    )
