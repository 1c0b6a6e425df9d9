from shared.errors import DomainError, InvalidInput


class MemberUnknown(InvalidInput):
    """422: no current member of the family has this id."""

    en = "Nobody with this id is a member of this family now."
    id = "Tidak ada anggota keluarga ini dengan id tersebut sekarang."


class ContactUnchanged(InvalidInput):
    """422: the request names neither address nor phone."""

    en = "Name the address or the phone that is to be recorded. Null clears it."
    id = "Sebutkan alamat atau telepon yang akan dicatat. Null menghapusnya."


class KomponenImpossible(DomainError):
    """409: sex and age of the member exclude this komponen."""

    en = "IBU_HAMIL is possible only for a woman of 10 to 60 years. Check the member."
    id = "IBU_HAMIL hanya mungkin bagi perempuan berusia 10 sampai 60 tahun. Periksa anggotanya."


class KomponenOverlaps(DomainError):
    """409: the member already has this komponen in that period."""

    en = "The member already has this komponen in that period."
    id = "Anggota ini sudah memiliki komponen tersebut pada masa itu."


class KomponenHasEnded(DomainError):
    """409: a komponen that has ended cannot be changed."""

    en = "This komponen ended on {valid_to}."
    id = "Komponen ini sudah berakhir pada {valid_to}."


class DesilKnown(DomainError):
    """409: the family has this desil in this snapshot."""

    en = "The family's desil (scope {scope}) of snapshot {snapshot} is already recorded with this value. Nothing needs to be corrected."
    id = "Desil keluarga ini (cakupan {scope}) dari snapshot {snapshot} sudah tercatat dengan nilai ini. Tidak ada yang perlu diperbaiki."


class NoKkKnown(DomainError):
    """409: a family card belongs to one family at a time."""

    en = "This No. KK already belongs to a family."
    id = "No. KK ini sudah milik suatu keluarga."


class FamilyHasOtherMembers(DomainError):
    """409: a death ends a membership only if the family has no other member."""

    en = "The family has {members} members. Record the death of the member instead. The others remain."
    id = "Keluarga ini beranggotakan {members} orang. Catat saja kematian anggota tersebut. Anggota lain tetap."
