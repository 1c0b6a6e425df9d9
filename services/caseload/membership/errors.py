from shared.errors import DomainError, InvalidInput


class KepesertaanOverlaps(DomainError):
    """409: the family is a member of the bansos in that time already."""

    en = "The family is a member of this bansos in that time already."
    id = "Keluarga ini sudah menjadi peserta bansos tersebut pada masa itu."


class ReEntryByUsulan(DomainError):
    """409: who has left comes back by an application that is decided, not by a record."""

    en = "The family has been a member of this bansos before. It comes back by an application (POST /v1/usulan)."
    id = "Keluarga ini pernah menjadi peserta bansos tersebut. Ajukan melalui usulan (POST /v1/usulan)."


class StillMember(DomainError):
    """409: there is nothing to apply for."""

    en = "The family is a member of this bansos, and no end is dated."
    id = "Keluarga ini masih menjadi peserta bansos tersebut dan belum ada tanggal akhirnya."


class NothingPending(DomainError):
    """409: an exit from another bansos asks once, and somebody may have answered."""

    en = "Nothing waits for a decision about this membership: it was decided, or no exit from another bansos asks."
    id = "Tidak ada keputusan yang ditunggu atas kepesertaan ini: sudah diputus, atau tidak ada graduasi bansos lain."


class DateBeforeMembership(InvalidInput):
    """422: what ends a membership cannot have happened before it began."""

    en = "The date {on} is before the membership began ({valid_from})."
    id = "Tanggal {on} sebelum kepesertaan dimulai ({valid_from})."


class MembershipHasEnded(DomainError):
    """409: the membership has ended, or its end is dated."""

    en = "This membership ends on {valid_to}; it cannot end a second time."
    id = "Kepesertaan ini berakhir pada {valid_to}; tidak dapat diakhiri lagi."
