from shared.errors import DomainError, InvalidInput, NotAllowed


class NotYourFamily(NotAllowed):
    """403: a pendamping acts only for families whose dampingan is theirs today (domain.md 7.3)."""

    en = "This family is not in your care today."
    id = "Keluarga ini bukan dampingan Anda pada hari ini."


class PendampingInactive(NotAllowed):
    """403: anything but AKTIF means no new acts (chain.md 8)."""

    en = "Your status is {status}; only an active pendamping may do this."
    id = "Status Anda {status}; hanya pendamping aktif yang dapat melakukan ini."


class RujukanNotOpen(DomainError):
    """409: the case with referral has ended."""

    en = "This rujukan is {state}; nothing more is begun in it."
    id = "Rujukan ini sudah {state}; tidak ada yang dapat dimulai lagi."


class DateTooEarly(InvalidInput):
    """422: it happened before what it follows."""

    en = "The date {on} lies before {earliest}."
    id = "Tanggal {on} lebih awal daripada {earliest}."
