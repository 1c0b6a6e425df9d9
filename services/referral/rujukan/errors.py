from types import MappingProxyType

from shared.errors import DomainError
from shared.remedies import ENDED, WAIT, nothing, operation
from shared.roles import FIELD, PARTNERS


class RujukanNotOpen(DomainError):
    """409: the rujukan of the family has ended."""

    en = "This rujukan is {state}; nothing more can be started in it."
    id = "Rujukan ini sudah {state}; tidak ada yang dapat dimulai lagi."
    remedy = nothing("The rujukan has ended.", "Rujukan sudah berakhir.")


# What to do next with a rujukan program, by its state.
NEXT_ACTS = MappingProxyType(
    {
        "DRAF": operation("give_consent", FIELD),
        "DISETUJUI_KPM": WAIT,
        "GAGAL_KIRIM": WAIT,
        **dict.fromkeys(
            ("TERKIRIM", "DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU"),
            operation("answer_rujukan", PARTNERS),
        ),
        "DISETUJUI": operation("deliver_aid", PARTNERS),
        "DISALURKAN": operation("record_outcome", FIELD | PARTNERS),
        **dict.fromkeys(("DITOLAK", "KEDALUWARSA", "DICABUT", "TUTUP"), ENDED),
    }
)
