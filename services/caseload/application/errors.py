from shared.errors import DomainError, InvalidInput


class UsulanOpen(DomainError):
    """409: a family has at most one open application for each bansos."""

    en = "This family already has an open application for this bansos."
    id = "Usulan keluarga ini untuk bansos tersebut masih menunggu keputusan."


class FirstDayMissing(InvalidInput):
    """422: an accepted application needs the first day of the membership."""

    en = "An accepted application needs valid_from, the first day of the new membership."
    id = "Usulan yang diterima memerlukan valid_from, hari pertama kepesertaan baru."


class DateBeforeUsulan(InvalidInput):
    """422: a new membership cannot start before its application."""

    en = "The first day {valid_from} is before the application was lodged ({lodged_on})."
    id = "Hari pertama {valid_from} sebelum usulan diajukan ({lodged_on})."
