from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, BY_STATE, CORRECT_REQUEST, operation, value_from
from shared.roles import DINSOS, FIELD, STAFF


class MemberUnknown(InvalidInput):
    """422: no current member of the family has this id."""

    en = "Nobody with this id is a member of this family now. Name one of its present members (GET /v1/kpm/{{id}})."
    id = "Tidak ada anggota keluarga ini dengan id tersebut sekarang. Sebutkan salah satu anggotanya sekarang (GET /v1/kpm/{{id}})."
    remedy = value_from("read_kpm", STAFF)


class ContactUnchanged(InvalidInput):
    """422: the request names neither address nor phone."""

    en = "Name the address or the phone that is to be recorded. Null clears it."
    id = "Sebutkan alamat atau telepon yang akan dicatat. Null menghapusnya."
    remedy = CORRECT_REQUEST


CORRECT_MEMBER = operation("correct_values_of_anggota", FIELD | DINSOS)
END_KOMPONEN = operation("end_komponen", FIELD | DINSOS)


class KomponenImpossible(DomainError):
    """409: sex and age of the member exclude this komponen."""

    en = "IBU_HAMIL is possible only for a woman of 10 to 60 years. Correct the member if sex or date of birth is wrong, or end the komponen."
    id = "IBU_HAMIL hanya mungkin bagi perempuan berusia 10 sampai 60 tahun. Perbaiki data anggota bila jenis kelamin atau tanggal lahirnya salah, atau akhiri komponennya."
    remedy = BY_STATE


class KomponenOverlaps(DomainError):
    """409: the member already has this komponen in that period."""

    en = "The member already has this komponen in that period. Choose a first day after it; end it first if it has no end (POST /v1/komponen/{{id}}/end)."
    id = "Anggota ini sudah memiliki komponen tersebut pada masa itu. Pilih hari pertama sesudahnya; akhiri dahulu bila belum berakhir (POST /v1/komponen/{{id}}/end)."
    more_params = ("komponen_id",)
    remedy = CORRECT_REQUEST


class KomponenHasEnded(DomainError):
    """409: a komponen that has ended cannot be changed."""

    en = "This komponen ended on {valid_to}. Record it again for the time after (POST /v1/kpm/{{id}}/komponen)."
    id = "Komponen ini sudah berakhir pada {valid_to}. Catat lagi untuk masa sesudahnya (POST /v1/kpm/{{id}}/komponen)."
    remedy = operation("begin_komponen", FIELD | DINSOS)


class KomponenVoided(DomainError):
    """409: the komponen was recorded in error, and covers no day."""

    en = "This komponen was voided already. Nothing more is needed."
    id = "Komponen ini sudah dibatalkan. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class DesilKnown(DomainError):
    """409: the family has this desil in this snapshot."""

    en = "The family's desil (scope {scope}) of snapshot {snapshot} is already recorded with this value. Nothing needs to be corrected."
    id = "Desil keluarga ini (cakupan {scope}) dari snapshot {snapshot} sudah tercatat dengan nilai ini. Tidak ada yang perlu diperbaiki."
    remedy = ALREADY_DONE


class NoKkKnown(DomainError):
    """409: a family card belongs to one family at a time."""

    en = "This No. KK already belongs to a family. Compare it with the card. If it is right, record the persons as members of that family."
    id = "No. KK ini sudah milik suatu keluarga. Cocokkan dengan kartunya. Bila benar, catat orangnya sebagai anggota keluarga itu."
    remedy = CORRECT_REQUEST


class FamilyHasOtherMembers(DomainError):
    """409: a death ends a membership only if the family has no other member."""

    en = "The family has {members} members. Record the death of the member instead. The others remain."
    id = "Keluarga ini beranggotakan {members} orang. Catat saja kematian anggota tersebut. Anggota lain tetap."
    remedy = operation("end_anggota", FIELD | DINSOS)
