from shared.errors import DomainError, InvalidInput


class KepesertaanOverlaps(DomainError):
    """409: the family is already a member of the bansos in that period."""

    en = "The family is already a member of this bansos in that period."
    id = "Keluarga ini sudah menjadi peserta bansos tersebut pada masa itu."


class ReEntryByUsulan(DomainError):
    """409: a family that has left a bansos needs an accepted application."""

    en = "The family was a member of this bansos before. Submit an application instead (POST /v1/usulan)."
    id = "Keluarga ini pernah menjadi peserta bansos tersebut. Ajukan melalui usulan (POST /v1/usulan)."


class MembershipNotEnded(DomainError):
    """409: the family is a member, so there is nothing to apply for."""

    en = "The family is a member of this bansos, and its membership has no end date."
    id = "Keluarga ini masih menjadi peserta bansos tersebut dan belum ada tanggal akhirnya."


class NothingPending(DomainError):
    """409: no exit from another bansos requires a decision, or it was decided already."""

    en = "This membership needs no decision: it was decided already, or there is no exit from another bansos."
    id = (
        "Kepesertaan ini tidak memerlukan keputusan: sudah diputus, atau tidak ada graduasi dari bansos lain."
    )


class DateBeforeMembership(InvalidInput):
    """422: the event that ends a membership is dated before its first day."""

    en = "The date {on} is before the membership began ({valid_from})."
    id = "Tanggal {on} sebelum kepesertaan dimulai ({valid_from})."


class MembershipHasEnded(DomainError):
    """409: the membership has ended, or has an end date."""

    en = "This membership ends on {valid_to}; it cannot end a second time."
    id = "Kepesertaan ini berakhir pada {valid_to}; tidak dapat diakhiri lagi."
