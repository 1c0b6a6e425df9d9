"""Refusals of outcomes and of relapse reports."""

from shared.errors import DomainError, InvalidInput


class OutcomeAlreadyRecorded(DomainError):
    """409: the outcome of this month was recorded before."""

    en = "The outcome at {month} months has already been recorded."
    id = "Hasil pada bulan ke-{month} sudah dicatat."


class OutcomeTooEarly(DomainError):
    """409: the outcome of this month is not due yet."""

    en = "The outcome at {month} months falls due on {due_on}."
    id = "Hasil pada bulan ke-{month} baru jatuh pada {due_on}."


class AidNotDelivered(DomainError):
    """409: an outcome needs aid that was delivered."""

    en = "No aid has been delivered under this rujukan yet."
    id = "Belum ada bantuan yang disalurkan dalam rujukan ini."


class OutcomeNotAsked(InvalidInput):
    """422: the outcome rule of the rujukan's first day asks for other months."""

    en = "The outcome of this aid is asked for at {months} months after its delivery, not at {month}."
    id = "Hasil bantuan ini ditanyakan pada bulan ke-{months} sejak penyaluran, bukan bulan ke-{month}."


class AidWithdrawn(DomainError):
    """409: the aid was withdrawn after its delivery, so no outcome is recorded."""

    en = "This rujukan was withdrawn on {on}; outcomes of its aid are no longer recorded."
    id = "Rujukan ini dicabut pada {on}; hasil bantuannya tidak dicatat lagi."


class RelapseAlreadyReported(DomainError):
    """409: a relapse was reported for this day before."""

    en = "A relapse has already been reported for that day."
    id = "Kekambuhan sudah dilaporkan untuk hari itu."
