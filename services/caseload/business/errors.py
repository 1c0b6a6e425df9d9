from shared.errors import DomainError


class UsahaKnown(DomainError):
    """409: a member's business is already recorded, and can be revised."""

    en = "This member's business is already recorded. Revise it (POST /v1/usaha/{{id}}/revision)."
    id = "Usaha anggota ini sudah tercatat. Perbarui (POST /v1/usaha/{{id}}/revision)."
