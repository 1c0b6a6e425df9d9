from shared.errors import DomainError, NotAllowed


class NotYourFamily(NotAllowed):
    """403: the caller accompanies this family under no placement that holds today."""

    en = "You do not accompany this family today, or your placement does not cover its area."
    id = "Anda tidak mendampingi keluarga ini hari ini, atau wilayah tugas Anda tidak mencakup wilayahnya."


class PendampingInactive(NotAllowed):
    """403: anything but AKTIF means no new acts (chain.md 8)."""

    en = "Your status is {status}; only an active pendamping may do this."
    id = "Status Anda {status}; hanya pendamping aktif yang dapat melakukan ini."


class SamePersonTwice(NotAllowed):
    """403: the caller has already acted in another stage of this case (chain.md 4)."""

    en = "You have acted in another stage of this case. Each stage needs a different person."
    id = "Anda sudah bertindak pada tahap lain dari kasus ini. Setiap tahap harus dilakukan orang yang berbeda."


class CaseElsewhere(NotAllowed):
    """403: the family has moved out of the caller's areas; who decides goes by where it lives now."""

    en = "The family of this case lives in {kode_wilayah} now; the offices there decide on it."
    id = "Keluarga pada kasus ini kini tinggal di {kode_wilayah}; kantor di wilayah itu yang memutuskannya."


class OpenedByExitProposal(DomainError):
    """409: this reason's cases open by a proposal with evidence in caseload."""

    en = "A case of {exit_reason} is opened by a proposal with evidence in caseload, not here."
    id = "Kasus {exit_reason} dibuka melalui usulan berbukti di layanan caseload, bukan di sini."


class KepesertaanOfAnother(DomainError):
    """409: the kepesertaan is another family's."""

    en = "This kepesertaan belongs to another family."
    id = "Kepesertaan ini milik keluarga lain."


class KepesertaanNotActive(DomainError):
    """409: there is nothing to end."""

    en = "This kepesertaan is not active on {on}."
    id = "Kepesertaan ini tidak aktif pada {on}."


class CaseAlreadyOpen(DomainError):
    """409: at most one open case and one in effect per kepesertaan (chain.md 1)."""

    en = "This kepesertaan already has an open case, or one in effect."
    id = "Kepesertaan ini sudah memiliki kasus yang terbuka atau yang sudah berlaku."


class EvidenceUnknown(DomainError):
    """422: a SHA-256 of a file that was not handed in here."""

    status = 422
    en = "The evidence of {codes} was not handed in here. Send the file first."
    id = "Bukti untuk {codes} belum diserahkan di sini. Kirim berkasnya lebih dahulu."


class DateTooEarly(DomainError):
    """422: the paper is older than what it stands on."""

    status = 422
    en = "The date {on} lies before {earliest}, the date of what it stands on."
    id = "Tanggal {on} mendahului {earliest}, tanggal dasarnya."
