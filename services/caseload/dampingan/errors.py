from shared.errors import DomainError, InvalidInput


class PenugasanNotInForce(DomainError):
    """409: the placement does not cover the day."""

    en = "This placement is not in force on {on}."
    id = "Penugasan ini tidak berlaku pada {on}."


class FamilyOutsideWilayahTugas(DomainError):
    """409: the placement does not cover the family's area on the day."""

    en = "The family's area is not one of this placement's areas on {on}."
    id = "Wilayah keluarga ini bukan wilayah tugas penugasan tersebut pada {on}."


class CaseloadFull(DomainError):
    """409: the limit of policy is reached (PKH: 600 in its first content)."""

    en = "This placement already has {count} families; more than {limit} are refused."
    id = "Penugasan ini sudah mendampingi {count} keluarga; lebih dari {limit} ditolak."


class DampinganOverlaps(DomainError):
    """409: another pendamping of the same kind accompanies the family then, or the same one already does."""

    en = "The family is already accompanied in that time. End that dampingan, or hand it over."
    id = "Keluarga ini sudah didampingi pada masa tersebut. Akhiri atau alihkan dampingan itu."


class WarnedTooLate(InvalidInput):
    """422: a warning comes before the refusal."""

    en = "The warning ({warn_above}) must lie below the refusal ({refuse_above})."
    id = "Batas peringatan ({warn_above}) harus di bawah batas penolakan ({refuse_above})."


class DampinganHasEnded(DomainError):
    """409: an end can be dated earlier while it lies ahead, never later and never twice."""

    en = "This dampingan ends on {valid_to} already."
    id = "Dampingan ini sudah berakhir pada {valid_to}."
