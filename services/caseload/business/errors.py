from shared.errors import DomainError
from shared.remedies import ALREADY_DONE, operation
from shared.roles import DINSOS, FIELD


class UsahaKnown(DomainError):
    """409: a member's business is already recorded, and can be revised."""

    en = "This member's business is already recorded. Revise it (POST /v1/usaha/{{id}}/revision)."
    id = "Usaha anggota ini sudah tercatat. Perbarui (POST /v1/usaha/{{id}}/revision)."
    more_params = ("usaha_id",)
    remedy = operation("revise_kpm_usaha", FIELD | DINSOS)


class UsahaNotTransferable(DomainError):
    """409: a closed business is not transferred, and no business twice."""

    en = "This business cannot be transferred: it was closed, or another member continues it already. Record a new business."
    id = "Usaha ini tidak dapat dialihkan: sudah ditutup, atau sudah dilanjutkan anggota lain. Catat sebagai usaha baru."
    more_params = ("usaha_id",)
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


class UsahaNotEnded(DomainError):
    """409: only a business that has ended is opened again."""

    en = "This business has not ended. Nothing more is needed."
    id = "Usaha ini belum berakhir. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class UsahaEndedWithOwner(DomainError):
    """409: the owner has died or left, and the business with the owner."""

    en = "This business ended because its owner died or left. If that is wrong, undo the owner's end (POST /v1/kpm/{{id}}/anggota/{{id}}/return); the business is opened again with it."
    id = "Usaha ini berakhir karena pemiliknya meninggal atau keluar. Bila keliru, batalkan akhir keanggotaan pemiliknya (POST /v1/kpm/{{id}}/anggota/{{id}}/return); usahanya ikut dibuka kembali."
    remedy = operation("take_anggota_back", FIELD | DINSOS)


class UsahaTransferredAgain(DomainError):
    """409: of several transfers the last one is undone first."""

    en = "The person who continued this business has transferred it to another one. First undo that transfer (POST /v1/usaha/{usaha_id}/reopen)."
    id = "Penerus usaha ini sudah mengalihkannya lagi kepada orang lain. Batalkan dahulu pengalihan itu (POST /v1/usaha/{usaha_id}/reopen)."
    remedy = operation("reopen_kpm_usaha", FIELD | DINSOS)
