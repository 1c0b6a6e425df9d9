from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, nothing, operation
from shared.roles import DINSOS, FIELD, MINISTRY, VILLAGE


class KepesertaanOverlaps(DomainError):
    """409: the family is already a member of the bansos in that period."""

    en = "The family is already a member of this bansos in that period. Choose a first day after it."
    id = "Keluarga ini sudah menjadi peserta bansos tersebut pada masa itu. Pilih hari pertama sesudahnya."
    more_params = ("kepesertaan_id",)
    remedy = CORRECT_REQUEST


class ReEntryByUsulan(DomainError):
    """409: a family that has left a bansos needs an accepted application."""

    en = "The family was a member of this bansos before. Its pendamping or the Dinsos office submits an application instead (POST /v1/usulan)."
    id = "Keluarga ini pernah menjadi peserta bansos tersebut. Pendamping atau kantor Dinsos mengajukannya melalui usulan (POST /v1/usulan)."
    remedy = operation("lodge_application", FIELD | VILLAGE | DINSOS)


class MembershipNotEnded(DomainError):
    """409: the family is a member, so there is nothing to apply for."""

    en = (
        "The family is a member of this bansos, and its membership has no end date. No application is needed."
    )
    id = "Keluarga ini masih menjadi peserta bansos tersebut dan belum ada tanggal akhirnya. Usulan tidak diperlukan."
    remedy = nothing("The family is a member already.", "Keluarga ini sudah menjadi peserta.")


class NothingPending(DomainError):
    """409: no exit from another bansos requires a decision, or it was decided already."""

    en = "This membership needs no decision: it was decided already, or there is no exit from another bansos."
    id = (
        "Kepesertaan ini tidak memerlukan keputusan: sudah diputus, atau tidak ada graduasi dari bansos lain."
    )
    remedy = nothing("No decision is needed.", "Tidak ada yang perlu diputus.")


class DateBeforeMembership(InvalidInput):
    """422: the event that ends a membership is dated before its first day."""

    en = "The date {on} is before the membership began ({valid_from}). Enter {valid_from} or a later day."
    id = "Tanggal {on} sebelum kepesertaan dimulai ({valid_from}). Isi {valid_from} atau hari sesudahnya."
    remedy = CORRECT_REQUEST


class MembershipHasEnded(DomainError):
    """409: the membership has ended, or has an end date."""

    en = "This membership ends on {valid_to}; it cannot end a second time. Nothing more is needed."
    id = "Kepesertaan ini berakhir pada {valid_to}; tidak dapat diakhiri lagi. Tidak perlu apa-apa lagi."
    remedy = nothing("The membership has its end.", "Kepesertaan sudah memiliki tanggal akhir.")


class MembershipVoided(DomainError):
    """409: the membership was recorded in error, and covers no day."""

    en = "This membership was voided. If the family is a member, record the right membership (POST /v1/kpm/{{id}}/kepesertaan)."
    id = "Kepesertaan ini sudah dibatalkan. Bila keluarga memang peserta, catat kepesertaan yang benar (POST /v1/kpm/{{id}}/kepesertaan)."
    remedy = operation("record_membership", DINSOS | MINISTRY)


class MembershipContinued(DomainError):
    """409: the membership and another one without a gap between them are one period."""

    en = "This membership continues another one of the family without a gap, so the family is a member in either case. Nothing needs to be voided."
    id = "Kepesertaan ini bersambung dengan kepesertaan lain keluarga tersebut, sehingga keluarga tetap peserta. Tidak ada yang perlu dibatalkan."
    remedy = nothing("The family is a member in either case.", "Keluarga tetap menjadi peserta.")
