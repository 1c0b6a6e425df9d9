from shared.errors import DomainError, InvalidInput


class MemberUnknown(InvalidInput):
    """422: nobody with this id is a member of the family now."""

    en = "Nobody with this id is a member of this family now."
    id = "Tidak ada anggota keluarga ini dengan id tersebut sekarang."


class KomponenOverlaps(DomainError):
    """409: the member has this komponen in that time already."""

    en = "The member has this komponen in that time already."
    id = "Anggota ini sudah memiliki komponen tersebut pada masa itu."


class KomponenHasEnded(DomainError):
    """409: what has ended stays as it was."""

    en = "This komponen ended on {valid_to}."
    id = "Komponen ini sudah berakhir pada {valid_to}."


class DesilKnown(DomainError):
    """409: a snapshot ranks a family once; older ones stay as they are."""

    en = "The family's desil of {scope} in {snapshot} is known already."
    id = "Desil keluarga ini untuk {scope} pada {snapshot} sudah tercatat."


class NoKkKnown(DomainError):
    """409: a family card is of one family at a time."""

    en = "This No. KK belongs to a family already."
    id = "No. KK ini sudah milik suatu keluarga."


class OthersRemain(DomainError):
    """409: a death ends a membership only where nobody remains."""

    en = "The family has {members} members. Record the death of the member; the others stay."
    id = "Keluarga ini beranggotakan {members} orang. Catat kematian anggota tersebut; yang lain tetap."
