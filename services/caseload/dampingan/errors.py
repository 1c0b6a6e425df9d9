from shared.errors import DomainError, InvalidInput


class PenugasanNotInForce(DomainError):
    """409: the placement does not cover the day."""

    en = "This placement is not in force on {on}. Choose a placement that is in force on that day."
    id = "Penugasan ini tidak berlaku pada {on}. Pilih penugasan yang berlaku pada tanggal itu."


class FamilyOutsideWilayahTugas(DomainError):
    """409: the placement does not cover the family's area on the day."""

    en = "The family's area is not one of this placement's areas on {on}."
    id = "Wilayah keluarga ini bukan wilayah tugas penugasan tersebut pada {on}."


class CaseloadFull(DomainError):
    """409: the placement has reached the limit of policy (initially 600 for PKH)."""

    en = "This placement already has {count} families; more than {limit} are refused."
    id = "Penugasan ini sudah mendampingi {count} keluarga; lebih dari {limit} ditolak."


class DampinganOverlaps(DomainError):
    """409: a pendamping of the same kind already accompanies the family in that period."""

    en = "The family is already accompanied in that period. End that dampingan, or hand it over."
    id = "Keluarga ini sudah didampingi pada masa tersebut. Akhiri atau alihkan dampingan itu."


class WarningNotBelowRefusal(InvalidInput):
    """422: the warning limit is not below the refusal limit."""

    en = "The warning limit ({warn_above}) must be below the refusal limit ({refuse_above})."
    id = "Batas peringatan ({warn_above}) harus di bawah batas penolakan ({refuse_above})."


class DampinganHasEnded(DomainError):
    """409: the dampingan has ended, or its end would become later."""

    en = "This dampingan already ends on {valid_to}. Its end can only be moved to an earlier day that is not past."
    id = "Dampingan ini sudah berakhir pada {valid_to}. Tanggal akhir hanya dapat dimajukan selama belum lewat."
