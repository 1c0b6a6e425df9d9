from shared.errors import DomainError


class MusyawarahMissing(DomainError):
    """409: the policy requires a berita acara of the musyawarah before approval."""

    en = "The policy asks for a berita acara of the musyawarah before approval."
    id = "Kebijakan mensyaratkan berita acara musyawarah sebelum persetujuan."


class MusyawarahNotRequired(DomainError):
    """409: the policy of this exit reason has no stage MUSYAWARAH."""

    en = "The policy of {exit_reason} asks for no musyawarah."
    id = "Kebijakan {exit_reason} tidak mensyaratkan musyawarah."


class CaseNotPostponed(DomainError):
    """409: only a postponed case can be resumed."""

    en = "This case is {state}; only a postponed case (DITUNDA) can be resumed."
    id = "Kasus ini berstatus {state}; hanya kasus yang ditunda (DITUNDA) dapat dilanjutkan."


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
