from types import MappingProxyType

from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import TEAM_LEAD


class PenugasanIdentical(InvalidInput):
    """422: both placements are the same."""

    en = "The receiving placement must differ from the giving placement."
    id = "Penugasan penerima harus berbeda dari penugasan pemberi."
    remedy = CORRECT_REQUEST


class KindsDiffer(DomainError):
    """409: the placements are of different kinds of pendamping."""

    en = "Families are handed over within one kind of pendamping; these are {giving} and {taking}. Choose a placement of the same kind."
    id = "Pengalihan hanya antarpendamping sejenis; penugasan ini {giving} dan {taking}. Pilih penugasan sejenis."
    remedy = CORRECT_REQUEST


class NothingToHandOver(DomainError):
    """409: the giving placement accompanies no family in the area on that day."""

    en = "This placement accompanies no family in {kode_wilayah} on {on}. Choose another area, day or placement."
    id = "Penugasan ini tidak mendampingi keluarga mana pun di {kode_wilayah} pada {on}. Pilih wilayah, tanggal, atau penugasan lain."
    remedy = CORRECT_REQUEST


class HandOverAlreadyAsked(DomainError):
    """409: the same hand-over is ordered and has not ended yet."""

    en = "This hand-over is already ordered and has not ended (GET /v1/hand-over). Withdraw that order, or wait until it ends."
    id = "Pengalihan ini sudah diminta dan belum selesai (GET /v1/hand-over). Batalkan permintaan itu, atau tunggu hingga selesai."
    more_params = ("hand_over_id",)
    remedy = operation("call_hand_over_off", TEAM_LEAD)


class HandOverStarted(DomainError):
    """409: the job of the hand-over has started. It can be cancelled, but not undone."""

    en = "This hand-over has started. Cancel its job instead (POST /v1/jobs/{job_id}/cancellation). Families already moved stay moved."
    id = (
        "Pengalihan ini sudah dimulai. Hentikan pekerjaannya (POST /v1/jobs/{job_id}/cancellation); keluarga yang sudah dialihkan"
        " tetap beralih."
    )
    remedy = operation("cancel_job", TEAM_LEAD)


class HandOverEnded(DomainError):
    """409: the job of the hand-over has ended, and what it did stays."""

    en = "This hand-over has ended, and families already moved stay moved. Order one back for those that shall return."
    id = "Pengalihan ini sudah berakhir; keluarga yang sudah dialihkan tetap beralih. Minta pengalihan balik bagi yang harus kembali."
    remedy = operation("request_families", TEAM_LEAD)


class HandOverAlreadyWithdrawn(DomainError):
    """409: the order is already withdrawn."""

    en = "This hand-over was already withdrawn. Order it again if it shall take place."
    id = "Pengalihan ini sudah dibatalkan. Minta pengalihan baru bila tetap akan dilakukan."
    remedy = operation("request_families", TEAM_LEAD)


ADDED = (
    "This family came to the giver after the order was counted. It is handed over or refused like the others.",
    "Keluarga ini baru didampingi pemberi sesudah permintaan dihitung. Keluarga ini dialihkan atau ditolak seperti yang lain.",
)
# Why a counted family was neither moved nor refused: code, then the sentences in English and Indonesian.
LEFT_OUT = MappingProxyType(
    {
        "FAMILY_ENDED": (
            "This family has ended since the order. Nothing is left to hand over.",
            "Keluarga ini telah berakhir sejak permintaan. Tidak ada yang perlu dialihkan.",
        ),
        "MOVED_AWAY": (
            "This family has moved out of {kode_wilayah} since the order. Find it a pendamping where it lives now.",
            "Keluarga ini pindah dari {kode_wilayah} sejak permintaan. Carikan pendamping di tempat tinggalnya sekarang.",
        ),
        "WITH_RECEIVER": (
            "The receiver accompanies this family already. Nothing is left to hand over.",
            "Keluarga ini sudah didampingi penerima. Tidak ada yang perlu dialihkan.",
        ),
        "PURPOSE_CHANGED": (
            "The giver accompanies this family for another purpose than the order names. Order again without a purpose.",
            "Pemberi mendampingi keluarga ini dengan tujuan lain dari permintaan. Minta kembali tanpa tujuan.",
        ),
        "WITH_ANOTHER": (
            "Another pendamping accompanies this family since the order. End that dampingan first if it shall move too.",
            "Keluarga ini didampingi pendamping lain sejak permintaan. Akhiri dahulu dampingan itu bila hendak dialihkan.",
        ),
        "NEEDS_NONE": (
            "This family needs no pendamping any more: it is neither in PKH nor monitored.",
            "Keluarga ini tidak memerlukan pendamping lagi: bukan peserta PKH dan tidak dipantau.",
        ),
        "NOT_WITH_GIVER": (
            "The giver no longer accompanies this family, and nobody else does. Assign a pendamping (POST /v1/dampingan).",
            "Pemberi tidak lagi mendampingi keluarga ini, dan belum ada yang lain. Pasang pendamping (POST /v1/dampingan).",
        ),
    }
)

# Why a family is not handed over: code, then the sentences in English and Indonesian.
HAND_OVER_REFUSALS = MappingProxyType(
    {
        "ACCOMPANIED_BY_ANOTHER": (
            (
                "Another pendamping accompanies this family from {on} on, or the receiver already does. Check its dampingan."
                " End the other one first if this family shall move too."
            ),
            (
                "Keluarga ini sudah didampingi pendamping lain sejak {on}, atau sudah didampingi penerima. Periksa"
                " dampingannya; akhiri dahulu dampingan itu bila keluarga ini juga hendak dialihkan."
            ),
        ),
        "BEGAN_THAT_DAY": (
            (
                "The giver accompanies this family from {on} or later, and a dampingan lasts at least one day. Order a"
                " hand-over on a later day for it."
            ),
            (
                "Keluarga ini baru didampingi pemberi pada {on} atau sesudahnya, dan dampingan berlangsung sedikitnya"
                " sehari. Mintalah pengalihan dengan tanggal sesudahnya."
            ),
        ),
        "CASELOAD_FULL": (
            (
                "The receiver has reached the limit of {limit} families. Hand this family to another placement, or order"
                " again with a reason for exceeding the limit (override_reason)."
            ),
            (
                "Penerima sudah mencapai batas {limit} keluarga. Alihkan keluarga ini ke penugasan lain, atau minta kembali"
                " dengan alasan melampaui batas (override_reason)."
            ),
        ),
    }
)
