from collections.abc import Mapping
from types import MappingProxyType

from shared.errors import NotAllowed, Words
from shared.remedies import OTHER_PERSON
from shared.transitions import Advice


class ReviewedByOpener(NotAllowed):
    """403: who opened an emergency access does not review it."""

    en = "You have opened this access yourself. Let somebody else of the Dinsos office review it."
    id = "Anda sendiri yang membuka akses ini. Mintalah petugas Dinsos lain yang memeriksanya."
    remedy = OTHER_PERSON


# What an access in each state waits for, and when the act that leads to a state is possible.
NOW: Mapping[str, Words] = MappingProxyType(
    {
        "OPENED": Words("it waits for its review.", "menunggu pemeriksaan."),
        **dict.fromkeys(("JUSTIFIED", "UNJUSTIFIED"), Words("it has been reviewed.", "sudah diperiksa.")),
    }
)
ACTS: Mapping[str, Words] = MappingProxyType(
    {
        "OPENED": Words("An access is opened once.", "Akses dibuka satu kali."),
        **dict.fromkeys(
            ("JUSTIFIED", "UNJUSTIFIED"),
            Words("An access is reviewed once.", "Akses diperiksa satu kali."),
        ),
    }
)
ADVICE = Advice(NOW, ACTS)
