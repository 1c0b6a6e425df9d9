from shared.errors import DomainError


class MonitoringTooEarly(DomainError):
    """409: the month of this task has not begun."""

    en = "The month of this task begins on {on}."
    id = "Bulan pemantauan ini dimulai pada {on}."


class MonitoringAlreadyRecorded(DomainError):
    """409: the result of this month is in."""

    en = "The result of this month was recorded on {on}."
    id = "Hasil bulan ini sudah dicatat pada {on}."


class TaskClosed(DomainError):
    """409: the exit was undone, or the family has fallen back; nothing more is looked at."""

    en = "This task was closed on {on}; nothing is recorded on it any more."
    id = "Tugas ini ditutup pada {on}; tidak ada lagi yang dicatat."


class CauseMissing(DomainError):
    """422: a relapse has a cause."""

    status = 422
    en = "Say why the family has fallen back."
    id = "Sebutkan sebab keluarga kembali tidak mampu."


class CaseNotMonitored(DomainError):
    """409: only a case in PEMANTAUAN takes results."""

    en = "This case is {state}; it takes no monitoring results now."
    id = "Kasus ini berstatus {state}; hasil pemantauan tidak dapat dicatat sekarang."
