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
