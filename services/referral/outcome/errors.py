"""What recording an outcome or reporting a relapse refuses."""

from shared.errors import DomainError, InvalidInput


class OutcomeAlreadyRecorded(DomainError):
    """409: the outcome of this month stands."""

    en = "The outcome at {month} months has already been recorded."
    id = "Hasil pada bulan ke-{month} sudah dicatat."


class OutcomeTooEarly(DomainError):
    """409: the month of this outcome has not come."""

    en = "The outcome at {month} months falls due on {due_on}."
    id = "Hasil pada bulan ke-{month} baru jatuh pada {due_on}."


class NothingDelivered(DomainError):
    """409: an outcome is of aid that was delivered."""

    en = "No aid has been delivered under this rujukan yet."
    id = "Belum ada bantuan yang disalurkan dalam rujukan ini."


class OutcomeNotAsked(InvalidInput):
    """422: the outcome rule of the rujukan's first day asks for other months."""

    en = "The outcome of this aid is asked for at {months} months after its delivery, not at {month}."
    id = "Hasil bantuan ini ditanyakan pada bulan ke-{months} sejak penyaluran, bukan bulan ke-{month}."


class AidTakenBack(DomainError):
    """409: the aid was taken back after its delivery; nothing more is asked of it."""

    en = "This rujukan was taken back on {on}; no outcome of its aid is recorded any more."
    id = "Rujukan ini dicabut pada {on}; hasil bantuannya tidak dicatat lagi."


class RelapseAlreadyReported(DomainError):
    """409: a report of this day stands."""

    en = "A relapse has already been reported for that day."
    id = "Kekambuhan sudah dilaporkan untuk hari itu."
