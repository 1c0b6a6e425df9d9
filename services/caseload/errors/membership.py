"""What caseload may refuse about memberships in a bansos, and about applications to come back."""

from shared.errors import DomainError, InvalidInput


class KepesertaanOverlaps(DomainError):
    """409: the family is a member of the bansos in that time already."""

    en = "The family is a member of this bansos in that time already."
    id = "Keluarga ini sudah menjadi peserta bansos tersebut pada masa itu."


class ReEntryByUsulan(DomainError):
    """409: who has left comes back by an application that is decided, not by a record."""

    en = "The family has been a member of this bansos before. It comes back by an application (POST /v1/usulan)."
    id = "Keluarga ini pernah menjadi peserta bansos tersebut. Ajukan melalui usulan (POST /v1/usulan)."


class StillMember(DomainError):
    """409: there is nothing to apply for."""

    en = "The family is a member of this bansos, and no end is dated."
    id = "Keluarga ini masih menjadi peserta bansos tersebut dan belum ada tanggal akhirnya."


class UsulanOpen(DomainError):
    """409: one application a bansos at a time."""

    en = "An application of this family for this bansos waits for its decision."
    id = "Usulan keluarga ini untuk bansos tersebut masih menunggu keputusan."


class DecidedByTheLodger(DomainError):
    """409: who hands an application in does not decide on it."""

    en = "You handed this application in; somebody else decides on it."
    id = "Anda yang mengajukan usulan ini; keputusan diambil oleh orang lain."


class FirstDayMissing(InvalidInput):
    """422: an accepted application says from which day."""

    en = "An accepted application needs valid_from, the first day of the new membership."
    id = "Usulan yang diterima memerlukan valid_from, hari pertama kepesertaan baru."


class BeforeTheUsulan(InvalidInput):
    """422: a re-entry pays nothing for the time before it was asked for."""

    en = "The first day {valid_from} is before the application was lodged ({lodged_on})."
    id = "Hari pertama {valid_from} sebelum usulan diajukan ({lodged_on})."


class NothingPending(DomainError):
    """409: an exit from another bansos asks once, and somebody may have answered."""

    en = "Nothing waits for a decision about this membership: it was decided, or no exit from another bansos asks."
    id = "Tidak ada keputusan yang ditunggu atas kepesertaan ini: sudah diputus, atau tidak ada graduasi bansos lain."
