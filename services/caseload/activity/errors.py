from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST, one_of, person_of, to_call, value_from
from shared.roles import FIELD, TEAM_LEAD


class VisitOutsideDampingan(DomainError):
    """409: the visitor did not accompany the family on that day."""

    en = "You did not accompany this family on {on}. Correct the day, or let its pendamping of that day enter the visit."
    id = "Anda tidak mendampingi keluarga ini pada {on}. Perbaiki tanggalnya, atau serahkan kepada pendampingnya pada hari itu."
    remedy = person_of(FIELD)


class KunjunganAlreadyRecorded(DomainError):
    """409: a visit with the same family, day, visitor and purpose is recorded."""

    en = "A visit of this purpose to this family on that day is already recorded. Nothing more is needed."
    id = "Kunjungan dengan tujuan ini ke keluarga ini pada hari tersebut sudah dicatat. Tidak perlu apa-apa lagi."
    more_params = ("kunjungan_id",)
    remedy = ALREADY_DONE


class MateriUnknown(InvalidInput):
    """422: the master data has no such session on that day."""

    en = "There was no session {session} of module {module} on {on}. Choose one from GET /v1/p2k2-materi."
    id = "Tidak ada sesi {session} pada modul {module} pada {on}. Pilih salah satu dari GET /v1/p2k2-materi."
    remedy = value_from("read_materi", FIELD)


class FamilyNamedTwice(InvalidInput):
    """422: the attendance lists a family twice."""

    en = "A family is named more than once. Name each family once."
    id = "Satu keluarga disebut lebih dari sekali. Sebut setiap keluarga satu kali."
    remedy = CORRECT_REQUEST


class FamiliesNotAccompanied(DomainError):
    """409: the pendamping did not accompany some of the families on that day."""

    en = "You did not accompany {count} of these families on {on}. Leave them out, or correct the day."
    id = "Anda tidak mendampingi {count} dari keluarga ini pada {on}. Keluarkan dari daftar, atau perbaiki tanggalnya."
    remedy = CORRECT_REQUEST


class RecordAlreadyVoided(DomainError):
    """409: the visit or session is already voided."""

    en = "This record was voided on {voided_on}. Enter the right one if it is missing."
    id = "Catatan ini sudah dibatalkan pada {voided_on}. Catat yang benar bila belum ada."
    remedy = ALREADY_DONE


class SesiAlreadyRecorded(DomainError):
    """409: a session with the same group, day, module and session is recorded."""

    en = "This session of this group on that day is already recorded. Nothing more is needed."
    id = "Sesi kelompok ini pada hari tersebut sudah dicatat. Tidak perlu apa-apa lagi."
    more_params = ("p2k2_sesi_id",)
    remedy = ALREADY_DONE


class ReplacedRecordNotVoided(DomainError):
    """409: a record replaces only one that was voided."""

    en = "The record that this one replaces still counts. Void it first (POST /v1/kunjungan/{{id}}/void or /v1/p2k2/{{id}}/void)."
    id = "Catatan yang hendak diganti masih berlaku. Batalkan dahulu (POST /v1/kunjungan/{{id}}/void atau /v1/p2k2/{{id}}/void)."
    remedy = one_of(to_call("void_visit", FIELD | TEAM_LEAD), to_call("void_session", FIELD | TEAM_LEAD))


class RecordAlreadyReplaced(DomainError):
    """409: another record replaces the voided one."""

    en = "Another record already replaces the voided one. If that record is wrong too, void it first and then name it in replaces."
    id = "Catatan yang dibatalkan itu sudah ada penggantinya. Bila penggantinya juga keliru, batalkan penggantinya dahulu, lalu sebutkan penggantinya di replaces."
    more_params = ("kunjungan_id", "p2k2_sesi_id")
    remedy = one_of(to_call("void_visit", FIELD | TEAM_LEAD), to_call("void_session", FIELD | TEAM_LEAD))
