from shared.errors import DomainError, InvalidInput


class UsulanOpen(DomainError):
    """409: one application a bansos at a time."""

    en = "An application of this family for this bansos waits for its decision."
    id = "Usulan keluarga ini untuk bansos tersebut masih menunggu keputusan."


class FirstDayMissing(InvalidInput):
    """422: an accepted application says from which day."""

    en = "An accepted application needs valid_from, the first day of the new membership."
    id = "Usulan yang diterima memerlukan valid_from, hari pertama kepesertaan baru."


class DateBeforeUsulan(InvalidInput):
    """422: a re-entry pays nothing for the time before it was asked for."""

    en = "The first day {valid_from} is before the application was lodged ({lodged_on})."
    id = "Hari pertama {valid_from} sebelum usulan diajukan ({lodged_on})."
