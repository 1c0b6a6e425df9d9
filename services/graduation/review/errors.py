from shared.errors import DomainError
from shared.remedies import BY_STATE, operation
from shared.roles import DINSOS, FIELD, OFFICE, VILLAGE


class MusyawarahMissing(DomainError):
    """409: the policy requires a berita acara of the musyawarah before approval."""

    en = "The policy asks for a berita acara of the musyawarah before approval. The operator of the desa records it first (POST /v1/graduasi/{{id}}/musyawarah)."
    id = "Kebijakan mensyaratkan berita acara musyawarah sebelum persetujuan. Operator desa mencatatnya dahulu (POST /v1/graduasi/{{id}}/musyawarah)."
    remedy = operation("deliberate_graduasi", VILLAGE)


class MusyawarahNotRequired(DomainError):
    """409: the policy of this exit reason has no stage MUSYAWARAH."""

    en = "The policy of {exit_reason} asks for no musyawarah. The Dinsos office approves the case directly."
    id = "Kebijakan {exit_reason} tidak mensyaratkan musyawarah. Kantor Dinsos langsung menyetujui kasusnya."
    remedy = operation("approve_graduasi", DINSOS)


class CaseNotPostponed(DomainError):
    """409: only a postponed case can be resumed."""

    en = "This case is {state}; only a postponed case (DITUNDA) can be resumed. Go on with its next step."
    id = "Kasus ini berstatus {state}; hanya kasus yang ditunda (DITUNDA) dapat dilanjutkan. Lanjutkan dengan langkah berikutnya."
    remedy = BY_STATE


class EvidenceRequired(DomainError):
    """422: the policy requires evidence for this state."""

    status = 422
    en = (
        "The policy of {exit_reason} asks for evidence before a case becomes {target}. Upload the file and give its"
        " SHA-256."
    )
    id = (
        "Kebijakan {exit_reason} mensyaratkan bukti sebelum kasus menjadi {target}. Unggah berkasnya dan sebutkan"
        " SHA-256-nya."
    )
    remedy = operation("put_file", OFFICE | FIELD)
