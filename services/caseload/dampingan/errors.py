from shared.errors import DomainError, InvalidInput


class PendampingNotActive(DomainError):
    """409: only an AKTIF pendamping takes on new acts (chain.md 8)."""

    en = "This pendamping is {status}; only an active one can do this."
    id = "Pendamping ini berstatus {status}; hanya yang aktif dapat melakukannya."


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


class TooLongAgo(InvalidInput):
    """422: a date before the system's families have any history."""

    en = "The date {on} is before {first}."
    id = "Tanggal {on} sebelum {first}."


class WarnedTooLate(InvalidInput):
    """422: a warning comes before the refusal."""

    en = "The warning ({warn_above}) must lie below the refusal ({refuse_above})."
    id = "Batas peringatan ({warn_above}) harus di bawah batas penolakan ({refuse_above})."


class LimitPast(InvalidInput):
    """422: what was decided under a limit is not judged by another afterwards."""

    en = "{valid_from} has passed; a limit holds from today, {today}, or from a later day."
    id = "{valid_from} sudah lewat; batas berlaku sejak hari ini, {today}, atau sesudahnya."


class LimitBeforeLast(DomainError):
    """409: a version follows the last one; nothing is slipped in between."""

    en = "The limits of {kind} were last set from {last}; the next version begins on a later day."
    id = "Batas {kind} terakhir ditetapkan sejak {last}; versi berikutnya dimulai pada hari sesudahnya."


class LimitJustSet(DomainError):
    """409: two set the limits of a kind at once; the other one won."""

    en = "Somebody has set these limits in the same moment. Read them and decide anew."
    id = "Batas ini baru saja ditetapkan orang lain. Baca lagi lalu putuskan kembali."


class DampinganAlreadyEnded(DomainError):
    """409: an end can be dated earlier while it lies ahead, never later and never twice."""

    en = "This dampingan ends on {valid_to} already."
    id = "Dampingan ini sudah berakhir pada {valid_to}."


class DampinganNeedsADay(InvalidInput):
    """422: a range needs a day; one that began today ends tomorrow at the earliest."""

    en = "The dampingan began on {valid_from}; it can end on a later day at the earliest."
    id = "Dampingan ini dimulai pada {valid_from}; paling cepat berakhir pada hari sesudahnya."
