from shared.errors import DomainError, InvalidInput


class LastMember(DomainError):
    """409: a family is somebody; where the last one dies or goes, the membership is to end."""

    en = "This is the last member. Propose the end of the membership instead (POST /v1/exit-proposal)."
    id = "Ini anggota terakhir. Usulkan pengakhiran kepesertaan (POST /v1/exit-proposal)."


class PengurusStays(DomainError):
    """409: who holds the card leaves only after another one does; death alone does not wait."""

    en = "The pengurus cannot leave: name another pengurus first."
    id = "Pengurus tidak dapat keluar: tetapkan pengurus lain terlebih dahulu."


class PengurusAlready(DomainError):
    """409: nothing would change."""

    en = "This member is the pengurus already."
    id = "Anggota ini sudah menjadi pengurus."


class PengurusTooYoung(DomainError):
    """409: the pengurus is an adult (domain.md 1); from what age is policy."""

    en = "The pengurus must be at least {able_from} years old."
    id = "Pengurus harus berusia sekurang-kurangnya {able_from} tahun."


class NikKnown(DomainError):
    """409: a person belongs to one family."""

    en = "This NIK belongs to a member of a family already."
    id = "NIK ini sudah menjadi anggota suatu keluarga."


class BirthDateInTheFuture(InvalidInput):
    """422: who joins has been born."""

    en = "The date of birth {birth_on} is after the day of joining, {on}."
    id = "Tanggal lahir {birth_on} sesudah tanggal bergabung, {on}."


class DeathNeedsEvidence(InvalidInput):
    """422: nobody is recorded as dead on hearsay (domain.md 9)."""

    en = "A death is recorded with its evidence."
    id = "Kematian dicatat dengan buktinya."


class MemberNotLeft(DomainError):
    """409: only who has left this family can be taken back into it."""

    en = "This person has not left this family, or belongs to another now."
    id = "Orang ini tidak keluar dari keluarga ini, atau kini anggota keluarga lain."


class NumberNotAccepted(DomainError):
    """409: the number is recorded where the caller may not look it up."""

    en = (
        "This number cannot be recorded here. Check it against the card. If it is right, ask the Dinsos office;"
        " the ministry can clear it across areas."
    )
    id = (
        "Nomor ini tidak dapat dicatat di sini. Cocokkan dengan kartunya. Bila sudah benar, hubungi kantor Dinsos;"
        " lintas wilayah diselesaikan oleh Kemensos."
    )


class NobodyRemains(DomainError):
    """409: a split leaves somebody behind."""

    en = "At least one member must remain in the family."
    id = "Sekurang-kurangnya satu anggota harus tetap dalam keluarga."


class PengurusNotAmongThem(InvalidInput):
    """422: the new family's pengurus is one of those who leave."""

    en = "The pengurus of the new family must be one of its members."
    id = "Pengurus keluarga baru harus salah satu anggotanya."
