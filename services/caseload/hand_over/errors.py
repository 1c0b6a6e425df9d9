from types import MappingProxyType

from shared.errors import DomainError, InvalidInput


class PenugasanIsItself(InvalidInput):
    """422: a hand-over needs two placements."""

    en = "The families are to go to another placement than the one that they come from."
    id = "Keluarga harus dialihkan ke penugasan yang lain dari penugasan asalnya."


class KindsDiffer(DomainError):
    """409: a hand-over stays within a kind of pendamping."""

    en = "Families are handed over within one kind of pendamping; these are {giving} and {taking}."
    id = "Pengalihan hanya antarpendamping sejenis; penugasan ini {giving} dan {taking}."


class NothingToHandOver(DomainError):
    """409: the giver accompanies no family there on that day."""

    en = "This placement accompanies no family in {kode_wilayah} on {on}."
    id = "Penugasan ini tidak mendampingi keluarga mana pun di {kode_wilayah} pada {on}."


class HandOverAlreadyAsked(DomainError):
    """409: the same order, and it has not ended yet."""

    en = "This hand-over has been ordered and has not ended yet (GET /v1/hand-over). Call that one off, or let it end."
    id = "Pengalihan ini sudah diminta dan belum selesai (GET /v1/hand-over). Batalkan yang itu, atau tunggu selesai."


class HandOverBegun(DomainError):
    """409: its day has come and its job exists; a job is stopped between two steps, and what it moved stays moved."""

    en = "This hand-over has begun. Stop its work instead (POST {job}/cancellation); families already moved stay moved."
    id = (
        "Pengalihan ini sudah dimulai. Hentikan pekerjaannya (POST {job}/cancellation); keluarga yang sudah dialihkan"
        " tetap beralih."
    )


class HandOverAlreadyWithdrawn(DomainError):
    """409: withdrawn once; a changed mind is a new order."""

    en = "This hand-over was already called off. Order it anew if it is to happen after all."
    id = "Pengalihan ini sudah dibatalkan. Minta pengalihan baru bila tetap akan dilakukan."


# Why a family stays where it is while others are handed over: code, then the sentences in English and Indonesian.
HAND_OVER_REFUSALS = MappingProxyType(
    {
        "ACCOMPANIED_BY_ANOTHER": (
            (
                "Somebody else accompanies this family from {on} on, or the receiver already does. Look at its dampingan;"
                " end the other one first if this family is to move too."
            ),
            (
                "Keluarga ini sudah didampingi pendamping lain sejak {on}, atau sudah didampingi penerima. Periksa"
                " dampingannya; akhiri dahulu dampingan itu bila keluarga ini juga hendak dialihkan."
            ),
        ),
        "BEGAN_THAT_DAY": (
            (
                "This family came to the giver on {on} or later, and a dampingan lasts a day at least. Order a hand-over of"
                " a later day for it."
            ),
            (
                "Keluarga ini baru didampingi pemberi pada {on} atau sesudahnya, dan dampingan berlangsung sedikitnya"
                " sehari. Mintalah pengalihan dengan tanggal sesudahnya."
            ),
        ),
        "CASELOAD_FULL": (
            (
                "The receiver has reached the {limit} families above which policy refuses. Hand this family to another"
                " placement, or order it again with a reason for passing the limit (override_reason)."
            ),
            (
                "Penerima sudah mencapai {limit} keluarga, batas yang ditolak kebijakan. Alihkan keluarga ini ke penugasan"
                " lain, atau minta kembali dengan alasan melampaui batas (override_reason)."
            ),
        ),
    }
)
