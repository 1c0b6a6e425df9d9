from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import MINISTRY


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


class ContactChangeEmpty(InvalidInput):
    """422: a contact change needs a name or a phone."""

    en = "Give the name or the phone to change."
    id = "Sebutkan nama atau nomor telepon yang diubah."
    remedy = CORRECT_REQUEST
