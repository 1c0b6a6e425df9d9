from shared.errors import DomainError, InvalidInput


class VisitOutsideDampingan(DomainError):
    """409: the visitor did not accompany the family on that day."""

    en = "You did not accompany this family on {on}."
    id = "Anda tidak mendampingi keluarga ini pada {on}."


class KunjunganAlreadyRecorded(DomainError):
    """409: a visit with the same family, day, visitor and purpose is recorded."""

    en = "A visit of this purpose to this family on that day is already recorded."
    id = "Kunjungan dengan tujuan ini ke keluarga ini pada hari tersebut sudah dicatat."


class MateriUnknown(InvalidInput):
    """422: the master data has no such session on that day."""

    en = "There was no session {session} of module {module} on {on}."
    id = "Tidak ada sesi {session} pada modul {module} pada {on}."


class FamilyNamedTwice(InvalidInput):
    """422: the attendance lists a family twice."""

    en = "A family is named more than once. Name each family once."
    id = "Satu keluarga disebut lebih dari sekali. Sebut setiap keluarga satu kali."


class FamiliesNotAccompanied(DomainError):
    """409: the pendamping did not accompany some of the families on that day."""

    en = "You did not accompany {count} of these families on {on}."
    id = "Anda tidak mendampingi {count} dari keluarga ini pada {on}."


class SesiAlreadyRecorded(DomainError):
    """409: a session with the same group, day, module and session is recorded."""

    en = "This session of this group on that day is already recorded."
    id = "Sesi kelompok ini pada hari tersebut sudah dicatat."
