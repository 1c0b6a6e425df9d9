from shared.errors import DomainError, InvalidInput


class LastMember(DomainError):
    """409: a family has at least one member.

    If the last one leaves, its membership must end.
    """

    en = "This is the last member. Propose the end of the membership instead (POST /v1/exit-proposal)."
    id = "Ini anggota terakhir. Usulkan pengakhiran kepesertaan (POST /v1/exit-proposal)."


class PengurusStays(DomainError):
    """409: the pengurus leaves only after another is named, except by death."""

    en = "The pengurus cannot leave: name another pengurus first."
    id = "Pengurus tidak dapat keluar: tetapkan pengurus lain terlebih dahulu."


class PengurusAlready(DomainError):
    """409: the member is already the pengurus."""

    en = "This member is the pengurus already."
    id = "Anggota ini sudah menjadi pengurus."


class PengurusTooYoung(DomainError):
    """409: the pengurus is an adult (docs/domain.md#families-and-benefits). The age is policy."""

    en = "The pengurus must be at least {able_from} years old."
    id = "Pengurus harus berusia sekurang-kurangnya {able_from} tahun."


class NikKnown(DomainError):
    """409: the NIK belongs to a current member of a family."""

    en = "This NIK already belongs to a member of a family."
    id = "NIK ini sudah menjadi anggota suatu keluarga."


class BirthDateInTheFuture(InvalidInput):
    """422: the date of birth is after the day of joining."""

    en = "The date of birth {birth_on} is after the day of joining, {on}."
    id = "Tanggal lahir {birth_on} sesudah tanggal bergabung, {on}."


class DeathNeedsEvidence(InvalidInput):
    """422: a death needs evidence."""

    en = "A death can only be recorded with evidence."
    id = "Kematian hanya dapat dicatat dengan bukti."


class MemberNotLeft(DomainError):
    """409: only a person who left this family can be restored to it."""

    en = "This person has not left this family, or belongs to another now."
    id = "Orang ini tidak keluar dari keluarga ini, atau kini anggota keluarga lain."


class NumberNotAccepted(DomainError):
    """409: the number is recorded in a place that the caller may not look up."""

    en = (
        "This number cannot be recorded here. Check it against the card. If it is right, ask the Dinsos office;"
        " the ministry can clear it across areas."
    )
    id = (
        "Nomor ini tidak dapat dicatat di sini. Cocokkan dengan kartunya. Bila sudah benar, hubungi kantor Dinsos;"
        " lintas wilayah diselesaikan oleh Kemensos."
    )


class NoMemberRemains(DomainError):
    """409: a split must leave at least one member in the family."""

    en = "At least one member must remain in the family."
    id = "Sekurang-kurangnya satu anggota harus tetap dalam keluarga."


class PengurusNotLeaving(InvalidInput):
    """422: the pengurus of the new family must be one of the leaving members."""

    en = "The pengurus of the new family must be one of its members."
    id = "Pengurus keluarga baru harus salah satu anggotanya."
