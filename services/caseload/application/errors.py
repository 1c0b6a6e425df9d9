from collections.abc import Mapping
from types import MappingProxyType

from shared.errors import DomainError, InvalidInput, Words
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import DINSOS
from shared.transitions import Advice


class UsulanOpen(DomainError):
    """409: a family has at most one open application for each bansos."""

    en = "This family already has an open application for this bansos. The Dinsos office decides on it first."
    id = "Usulan keluarga ini untuk bansos tersebut masih menunggu keputusan. Kantor Dinsos memutuskannya dahulu."
    more_params = ("usulan_id",)
    remedy = operation("decide_application", DINSOS)


class FirstDayMissing(InvalidInput):
    """422: an accepted application needs the first day of the membership."""

    en = "An accepted application needs valid_from, the first day of the new membership."
    id = "Usulan yang diterima memerlukan valid_from, hari pertama kepesertaan baru."
    remedy = CORRECT_REQUEST


class DateBeforeUsulan(InvalidInput):
    """422: a new membership cannot start before its application."""

    en = "The first day {valid_from} is before the application was lodged ({lodged_on}). Enter {lodged_on} or a later day."
    id = "Hari pertama {valid_from} sebelum usulan diajukan ({lodged_on}). Isi {lodged_on} atau hari sesudahnya."
    remedy = CORRECT_REQUEST


# What an application in each state waits for, and when the act that leads to a state is possible.
NOW: Mapping[str, Words] = MappingProxyType(
    {
        "LODGED": Words(
            "it waits for its decision.",
            "menunggu keputusan.",
        ),
        "ACCEPTED": Words(
            "its membership has been recorded. If the family is to leave again, open a case in graduation.",
            "kepesertaannya sudah dicatat. Bila keluarga akan keluar lagi, buka kasus di layanan graduasi.",
        ),
        "REFUSED": Words(
            "it has ended. Lodge another one with what is new.",
            "sudah berakhir. Ajukan usulan lain dengan keterangan baru.",
        ),
    }
)
ACTS: Mapping[str, Words] = MappingProxyType(
    {
        "LODGED": Words(
            "An usulan is lodged once.",
            "Usulan diajukan satu kali.",
        ),
        **dict.fromkeys(
            ("ACCEPTED", "REFUSED"), Words("An usulan is decided once.", "Usulan diputus satu kali.")
        ),
    }
)
ADVICE = Advice(NOW, ACTS)
