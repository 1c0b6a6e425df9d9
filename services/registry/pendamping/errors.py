from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation, value_from
from shared.roles import DINSOS, MINISTRY


class NikNeedsPerson(InvalidInput):
    """422: a person is registered with a NIK, an organisation without one."""

    en = "A person is registered with a NIK, an organisation without one. Add or remove the NIK."
    id = "Perorangan didaftarkan dengan NIK, lembaga tanpa NIK. Isi atau hapus NIK-nya."
    remedy = CORRECT_REQUEST


class NikAlreadyRegistered(DomainError):
    """409: a NIK is registered once. The lookup by NIK returns the existing pendamping."""

    en = "This NIK is registered already. Look it up instead of registering it again."
    id = "NIK ini sudah terdaftar. Gunakan pencarian, jangan didaftarkan ulang."
    remedy = operation("find_pendamping", MINISTRY)


class RegistrationHasPlacements(DomainError):
    """409: a registration with a placement cannot be cancelled."""

    en = "This pendamping has a placement with days in it, so the registration cannot be cancelled. End a wrong placement on its first day, or record the status with which the pendamping left."
    id = "Pendamping ini mempunyai penugasan yang sudah berjalan, sehingga pendaftarannya tidak dapat dibatalkan. Akhiri penugasan yang keliru pada hari pertamanya, atau catat status keluarnya pendamping ini."
    remedy = operation("end_placement", MINISTRY)


class DateBeforeLast(DomainError):
    """409: a status cannot apply from before the first day of the current one."""

    en = "The last status applies from {last}; the next one cannot apply from an earlier day. Enter {last} or a later day."
    id = "Status terakhir berlaku sejak {last}; status berikutnya tidak dapat berlaku sebelum hari itu. Isi {last} atau hari sesudahnya."
    remedy = CORRECT_REQUEST


class NextStatusConflicts(DomainError):
    """409: a status that is recorded for a later day cannot follow the new one."""

    en = "{next} is recorded from {on} and cannot follow {status}. Record another status from {on} first."
    id = "{next} sudah dicatat mulai {on} dan tidak dapat mengikuti {status}. Catat dahulu status lain mulai {on}."
    remedy = CORRECT_REQUEST


class DismissalApproved(DomainError):
    """409: two people approved a dismissal for a later day, which only two people undo."""

    en = (
        "Two people approved the dismissal from {on}. If it must not take effect, the Dinsos office requests its"
        " reversal (POST /v1/pendamping/{{id}}/status-reversal)."
    )
    id = (
        "Pemberhentian mulai {on} sudah disetujui dua orang. Bila tidak jadi, kantor Dinsos mengajukan pembatalannya"
        " (POST /v1/pendamping/{{id}}/status-reversal)."
    )
    remedy = operation("request_status_reversal", DINSOS)


class StatusNotReversible(DomainError):
    """409: no such status can be reversed, or nothing changes without it."""

    en = (
        "There is no {status} from {from_on} that could be reversed. Read the history of the pendamping. A status of"
        " a later day is taken back by recording the status before it for that day."
    )
    id = (
        "Tidak ada status {status} mulai {from_on} yang dapat dibatalkan. Baca riwayat pendamping. Status untuk hari"
        " mendatang ditarik dengan mencatat status sebelumnya untuk hari itu."
    )
    remedy = value_from("read_pendamping", DINSOS | MINISTRY)


class ContactChangeEmpty(InvalidInput):
    """422: a contact change needs a name or a phone."""

    en = "Give the name or the phone to change."
    id = "Sebutkan nama atau nomor telepon yang diubah."
    remedy = CORRECT_REQUEST
