from shared.errors import DomainError
from shared.remedies import operation
from shared.roles import DINSOS, FIELD


class UsahaKnown(DomainError):
    """409: a member's business is already recorded, and can be revised."""

    en = "This member's business is already recorded. Revise it (POST /v1/usaha/{{id}}/revision)."
    id = "Usaha anggota ini sudah tercatat. Perbarui (POST /v1/usaha/{{id}}/revision)."
    remedy = operation("revise_kpm_usaha", FIELD | DINSOS)


class UsahaNotTransferable(DomainError):
    """409: a closed business is not transferred, and no business twice."""

    en = "This business cannot be transferred: it was closed, or another member continues it already. Record a new business."
    id = "Usaha ini tidak dapat dialihkan: sudah ditutup, atau sudah dilanjutkan anggota lain. Catat sebagai usaha baru."
    remedy = operation("record_kpm_usaha", FIELD | DINSOS)


class TransferTooLate(DomainError):
    """409: a business is transferred within the days of policy after its end."""

    en = "This business ended on {ended_on}; it could be transferred until {until}. Record a new business instead."
    id = "Usaha ini berakhir pada {ended_on}; pengalihan dimungkinkan sampai {until}. Catat sebagai usaha baru."
    remedy = operation("record_kpm_usaha", FIELD | DINSOS)


class UsahaHasEnded(DomainError):
    """409: the business has ended, and can no longer be changed."""

    en = "This business ended on {ended_on}. Record the new business of the member instead (POST /v1/kpm/{{id}}/usaha)."
    id = "Usaha ini berakhir pada {ended_on}. Catat usaha baru anggota tersebut (POST /v1/kpm/{{id}}/usaha)."
    remedy = operation("record_kpm_usaha", FIELD | DINSOS)
