from shared.errors import DomainError, InvalidInput


class NikNeedsPerson(InvalidInput):
    """422: a person is registered with a NIK, an organisation without."""

    en = "A person is registered with a NIK, an organisation without one."
    id = "Perorangan didaftarkan dengan NIK, lembaga tanpa NIK."


class NikAlreadyRegistered(DomainError):
    """409: one NIK, one pendamping, for life; the look-up by NIK finds the existing one."""

    en = "This NIK is registered already. Look it up instead of registering it again."
    id = "NIK ini sudah terdaftar. Gunakan pencarian, jangan didaftarkan ulang."


class DateBeforeLast(DomainError):
    """409: history is appended to, never slipped in between."""

    en = "The last status holds from {last}; a later one cannot hold from before that day."
    id = "Status terakhir berlaku sejak {last}; status berikutnya tidak dapat berlaku sebelum hari itu."


class NothingToChange(InvalidInput):
    """422: a change names a name or a phone, or both."""

    en = "Say which name or phone is to change."
    id = "Sebutkan nama atau nomor telepon yang diubah."
