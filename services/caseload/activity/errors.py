from shared.errors import DomainError, InvalidInput


class VisitOutsideDampingan(DomainError):
    """409: the visitor accompanied the family on no such day."""

    en = "You did not accompany this family on {on}."
    id = "Anda tidak mendampingi keluarga ini pada {on}."


class KunjunganAlreadyRecorded(DomainError):
    """409: the same visit, by day, visitor and purpose."""

    en = "A visit of this purpose to this family on that day is already recorded."
    id = "Kunjungan dengan tujuan ini ke keluarga ini pada hari tersebut sudah dicatat."


class MateriUnknown(InvalidInput):
    """422: the master data had no such session on that day."""

    en = "There was no session {session} of module {module} on {on}."
    id = "Tidak ada sesi {session} pada modul {module} pada {on}."


class FamilyNamedTwice(InvalidInput):
    """422: one family answers once."""

    en = "A family is named more than once."
    id = "Satu keluarga disebut lebih dari sekali."


class FamiliesNotAccompanied(DomainError):
    """409: a session is held for families of one's own."""

    en = "You did not accompany {count} of these families on {on}."
    id = "Anda tidak mendampingi {count} dari keluarga ini pada {on}."


class SesiAlreadyRecorded(DomainError):
    """409: the same group, day, module and session."""

    en = "This session of this group on that day is already recorded."
    id = "Sesi kelompok ini pada hari tersebut sudah dicatat."
