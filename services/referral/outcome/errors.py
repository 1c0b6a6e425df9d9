"""Refusals of outcomes and of relapse reports."""

from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST, WAIT, nothing, operation
from shared.roles import FIELD, PARTNERS


class OutcomeAlreadyRecorded(DomainError):
    """409: the outcome of this month was recorded before."""

    en = (
        "The outcome at {month} months has already been recorded. If it is wrong, correct it"
        " (POST /v1/rujukan-program/{{id}}/outcome-correction)."
    )
    id = (
        "Hasil pada bulan ke-{month} sudah dicatat. Bila keliru, perbaiki"
        " (POST /v1/rujukan-program/{{id}}/outcome-correction)."
    )
    remedy = operation("correct_outcome", FIELD | PARTNERS)


class OutcomeTooEarly(DomainError):
    """409: the outcome of this month is not due yet."""

    en = "The outcome at {month} months falls due on {due_on}. Record it from that day on."
    id = "Hasil pada bulan ke-{month} baru jatuh pada {due_on}. Catat mulai hari itu."
    remedy = WAIT


class AidNotDelivered(DomainError):
    """409: an outcome needs aid that was delivered."""

    en = "No aid has been delivered under this rujukan yet. The partner records the delivery first."
    id = "Belum ada bantuan yang disalurkan dalam rujukan ini. Mitra mencatat penyalurannya dahulu."
    remedy = operation("deliver_aid", PARTNERS)


class OutcomeNotAsked(InvalidInput):
    """422: the outcome rule of the rujukan's first day asks for other months."""

    en = "The outcome of this aid is asked for at {months} months after its delivery, not at {month}. Name one of these months."
    id = "Hasil bantuan ini ditanyakan pada bulan ke-{months} sejak penyaluran, bukan bulan ke-{month}. Sebutkan salah satu bulan itu."
    remedy = CORRECT_REQUEST


class AidWithdrawn(DomainError):
    """409: the aid was withdrawn after its delivery, so no outcome is recorded."""

    en = "This rujukan was withdrawn on {on}; outcomes of its aid are no longer recorded."
    id = "Rujukan ini dicabut pada {on}; hasil bantuannya tidak dicatat lagi."
    remedy = nothing("The rujukan was withdrawn.", "Rujukan sudah dicabut.")


class RelapseAlreadyReported(DomainError):
    """409: a relapse was reported for this day before."""

    en = "A relapse has already been reported for that day. Nothing more is needed."
    id = "Kekambuhan sudah dilaporkan untuk hari itu. Tidak perlu apa-apa lagi."
    more_params = ("relapse_report_id",)
    remedy = ALREADY_DONE


class RelapseAlreadyVoided(DomainError):
    """409: the report was voided before."""

    en = "This report was voided on {on}. Nothing more is needed."
    id = "Laporan ini sudah dibatalkan pada {on}. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE
