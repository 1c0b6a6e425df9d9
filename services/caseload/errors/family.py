"""What caseload may refuse to change in a family, and which ends of a membership it does not propose."""

from shared.errors import DomainError, InvalidInput


class EvidenceUnknown(InvalidInput):
    """422: the evidence was not given to this service."""

    en = "No file with this SHA-256 was given to this service. Upload the evidence first (POST /v1/files)."
    id = "Bukti dengan SHA-256 ini belum diunggah ke layanan ini. Unggah dahulu (POST /v1/files)."


class MemberUnknown(InvalidInput):
    """422: nobody with this id is a member of the family now."""

    en = "Nobody with this id is a member of this family now."
    id = "Tidak ada anggota keluarga ini dengan id tersebut sekarang."


class ExitNotProposable(InvalidInput):
    """422: an end for this reason is not proposed on evidence alone (chain.md 4)."""

    en = "{exit_reason} is not proposed here: it ends a membership by another path, or not at all."
    id = "{exit_reason} tidak diusulkan di sini: kepesertaan berakhir melalui jalur lain, atau tidak sama sekali."


class MembershipHasEnded(DomainError):
    """409: the membership has ended, or its end is dated."""

    en = "This membership ends on {valid_to}; it cannot end a second time."
    id = "Kepesertaan ini berakhir pada {valid_to}; tidak dapat diakhiri lagi."


class CaseOpen(DomainError):
    """409: at most one open case a membership (chain.md 1)."""

    en = "A case is open on this membership already, or stands in an SK."
    id = "Sudah ada kasus yang berjalan atas kepesertaan ini, atau sudah ditetapkan dalam SK."


class ExitAlreadyProposed(DomainError):
    """409: one proposal a membership until its case has ended."""

    en = "The end of this membership is proposed already."
    id = "Pengakhiran kepesertaan ini sudah diusulkan."


class NotTheProposer(DomainError):
    """403: a proposal is its proposer's to take back; others cancel its case, with their reason."""

    status = 403
    en = "Only who proposed this exit can withdraw it. Officials cancel its case in graduation instead."
    id = (
        "Hanya pengusul yang dapat menarik usulan ini. Petugas lain membatalkan kasusnya di layanan graduasi."
    )


class ExitNotOpen(DomainError):
    """409: what has ended, or was withdrawn, is not withdrawn again."""

    en = "This proposal is {state}; only one whose case has not ended can be withdrawn."
    id = "Usulan ini berstatus {state}; hanya usulan yang kasusnya belum berakhir yang dapat ditarik."


class ExitDetermined(DomainError):
    """409: what stands in an SK is undone by a sanggah or an annulment, not by the proposer."""

    en = "This exit stands in the SK {sk_no}. It can only be undone by a sanggah or an annulment."
    id = "Pengakhiran ini sudah ditetapkan dalam SK {sk_no}. Hanya dapat dipulihkan melalui sanggah atau pembatalan SK."


class OthersRemain(DomainError):
    """409: a death ends a membership only where nobody remains."""

    en = "The family has {members} members. Record the death of the member; the others stay."
    id = "Keluarga ini beranggotakan {members} orang. Catat kematian anggota tersebut; yang lain tetap."


class BeforeMembership(InvalidInput):
    """422: what ends a membership cannot have happened before it began."""

    en = "The date {on} is before the membership began ({valid_from})."
    id = "Tanggal {on} sebelum kepesertaan dimulai ({valid_from})."


class KomponenOverlaps(DomainError):
    """409: the member has this komponen in that time already."""

    en = "The member has this komponen in that time already."
    id = "Anggota ini sudah memiliki komponen tersebut pada masa itu."


class KomponenHasEnded(DomainError):
    """409: what has ended stays as it was."""

    en = "This komponen ended on {valid_to}."
    id = "Komponen ini sudah berakhir pada {valid_to}."


class EndsBeforeItBegins(InvalidInput):
    """422: the end must lie after the first day."""

    en = "The end {valid_to} must be after the first day, {valid_from}."
    id = "Tanggal akhir {valid_to} harus sesudah hari pertama, {valid_from}."


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


class TooYoungForPengurus(DomainError):
    """409: the pengurus is an adult (domain.md 1); from what age is policy."""

    en = "The pengurus must be at least {able_from} years old."
    id = "Pengurus harus berusia sekurang-kurangnya {able_from} tahun."


class NikKnown(DomainError):
    """409: a person belongs to one family."""

    en = "This NIK belongs to a member of a family already."
    id = "NIK ini sudah menjadi anggota suatu keluarga."


class BornInTheFuture(InvalidInput):
    """422: who joins has been born."""

    en = "The date of birth {birth_on} is after the day of joining, {on}."
    id = "Tanggal lahir {birth_on} sesudah tanggal bergabung, {on}."


class DeathNeedsEvidence(InvalidInput):
    """422: nobody is recorded as dead on hearsay (domain.md 9)."""

    en = "A death is recorded with its evidence."
    id = "Kematian dicatat dengan buktinya."


class NotLeft(DomainError):
    """409: only who has left this family can be taken back into it."""

    en = "This person has not left this family, or belongs to another now."
    id = "Orang ini tidak keluar dari keluarga ini, atau kini anggota keluarga lain."


class DesilKnown(DomainError):
    """409: a snapshot ranks a family once; older ones stay as they are."""

    en = "The family's desil of {scope} in {snapshot} is known already."
    id = "Desil keluarga ini untuk {scope} pada {snapshot} sudah tercatat."


class UsahaKnown(DomainError):
    """409: a member's business is revised, not recorded twice."""

    en = "This member's business is known. Revise it (POST /v1/usaha/{{id}}/revision)."
    id = "Usaha anggota ini sudah tercatat. Perbarui (POST /v1/usaha/{{id}}/revision)."


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


class NoKkKnown(DomainError):
    """409: a family card is of one family at a time."""

    en = "This No. KK belongs to a family already."
    id = "No. KK ini sudah milik suatu keluarga."


class NobodyRemains(DomainError):
    """409: a split leaves somebody behind."""

    en = "At least one member must remain in the family."
    id = "Sekurang-kurangnya satu anggota harus tetap dalam keluarga."


class PengurusNotAmongThem(InvalidInput):
    """422: the new family's pengurus is one of those who leave."""

    en = "The pengurus of the new family must be one of its members."
    id = "Pengurus keluarga baru harus salah satu anggotanya."


class NotAVillage(InvalidInput):
    """422: a family lives in a desa or kelurahan."""

    en = "A family's area is a desa or kelurahan; {kode_wilayah} is none."
    id = "Wilayah keluarga adalah desa atau kelurahan; {kode_wilayah} bukan."


class MovesNowhere(DomainError):
    """409: nothing would change."""

    en = "The family lives there already."
    id = "Keluarga ini sudah tinggal di sana."


class BeyondYourArea(DomainError):
    """403: a move across areas is recorded by whom both belong to."""

    status = 403
    en = "The family moves out of your area. An office that both areas belong to records it."
    id = "Keluarga pindah ke luar wilayah Anda. Dicatat oleh instansi yang membawahi kedua wilayah."


class MovedSince(DomainError):
    """409: a move is later than the last one."""

    en = "The family moved on {since} already; a move cannot be dated before that."
    id = "Keluarga ini sudah pindah pada {since}; perpindahan tidak dapat bertanggal sebelumnya."
