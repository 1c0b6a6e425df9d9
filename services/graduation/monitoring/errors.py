from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, BY_STATE, CORRECT_REQUEST, WAIT, nothing, operation
from shared.roles import DINSOS, FIELD


class MonitoringTooEarly(DomainError):
    """409: the month of this task has not started."""

    en = "The month of this task starts on {on}. Record the result from that day on."
    id = "Bulan pemantauan ini dimulai pada {on}. Catat hasilnya mulai hari itu."
    remedy = WAIT


class MonitoringAlreadyRecorded(DomainError):
    """409: the task has a result."""

    en = "The result of this month was recorded on {on}. Nothing more is needed."
    id = "Hasil bulan ini sudah dicatat pada {on}. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class MonitoringNotRecorded(DomainError):
    """409: the task has no result that could be voided."""

    en = "This task has no result. Its pendamping records the right one if the visit was made."
    id = "Tugas ini tidak memiliki hasil. Pendampingnya mencatat hasil yang benar bila kunjungan sudah dilakukan."
    remedy = operation("record_monitoring", FIELD)


class MonitoringDecided(DomainError):
    """409: the months have decided the case, or a relapse is confirmed.

    Two people reverse such a result (docs/case-lifecycle.md#wrong-results).
    """

    en = (
        "This result decided the monitoring, or came before the decision. The Dinsos office requests its reversal with"
        " evidence (POST /v1/monitoring/{{id}}/reversal), and Kemensos approves it."
    )
    id = (
        "Hasil ini sudah menentukan pemantauan, atau dicatat sebelum pemantauan diputus. Kantor Dinsos mengajukan"
        " pembatalannya dengan bukti (POST /v1/monitoring/{{id}}/reversal), dan Kemensos menyetujuinya."
    )
    remedy = operation("reverse_monitoring", DINSOS)


class TaskClosed(DomainError):
    """409: the task was closed, because the exit was annulled or a relapse was confirmed."""

    en = "This task was closed on {on} and takes no result. Nothing more is needed."
    id = "Tugas ini ditutup pada {on} dan tidak menerima hasil. Tidak perlu apa-apa lagi."
    remedy = nothing("The task is closed.", "Tugas sudah ditutup.")


class CauseMissing(DomainError):
    """422: a relapse needs a cause."""

    status = 422
    en = "Give the cause of the family's relapse."
    id = "Sebutkan sebab keluarga kembali tidak mampu."
    remedy = CORRECT_REQUEST


class EvidenceDayWithoutFile(InvalidInput):
    """422: a day of the evidence was given, but no file."""

    en = "Upload the evidence of {on} and give its SHA-256, or leave out its day."
    id = "Unggah bukti tanggal {on} dan sebutkan SHA-256-nya, atau kosongkan tanggalnya."
    remedy = CORRECT_REQUEST


class CaseNotMonitored(DomainError):
    """409: results are recorded only in PEMANTAUAN, and results of later tasks in SELESAI."""

    en = "This case is {state}; monitoring results are recorded only during PEMANTAUAN. Go on with its next step."
    id = "Kasus ini berstatus {state}; hasil pemantauan hanya dicatat selama PEMANTAUAN. Lanjutkan dengan langkah berikutnya."
    remedy = BY_STATE
