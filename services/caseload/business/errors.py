from shared.errors import DomainError


class UsahaKnown(DomainError):
    """409: a member's business is already recorded, and can be revised."""

    en = "This member's business is already recorded. Revise it (POST /v1/usaha/{{id}}/revision)."
    id = "Usaha anggota ini sudah tercatat. Perbarui (POST /v1/usaha/{{id}}/revision)."


class UsahaHasEnded(DomainError):
    """409: the business has ended, and can no longer be changed."""

    en = "This business ended on {ended_on}. Record the new business of the member instead (POST /v1/kpm/{{id}}/usaha)."
    id = "Usaha ini berakhir pada {ended_on}. Catat usaha baru anggota tersebut (POST /v1/kpm/{{id}}/usaha)."
