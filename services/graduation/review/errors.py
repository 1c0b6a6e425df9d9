from shared.errors import DomainError


class MusyawarahMissing(DomainError):
    """409: the policy asks for a berita acara of the village before approval."""

    en = "The policy asks for a berita acara of the musyawarah before approval."
    id = "Kebijakan mensyaratkan berita acara musyawarah sebelum persetujuan."


class MusyawarahNotAsked(DomainError):
    """409: the policy of this exit reason has no musyawarah."""

    en = "The policy of {exit_reason} asks for no musyawarah."
    id = "Kebijakan {exit_reason} tidak mensyaratkan musyawarah."


class CaseNotPostponed(DomainError):
    """409: only what was postponed is resumed."""

    en = "This case is {state}; only a postponed case (DITUNDA) can be resumed."
    id = "Kasus ini berstatus {state}; hanya kasus yang ditunda (DITUNDA) dapat dilanjutkan."


class EvidenceAsked(DomainError):
    """422: the policy lets a case enter this state on evidence alone."""

    status = 422
    en = "The policy of {exit_reason} asks for evidence before a case becomes {wanted}. Send the file and name it."
    id = "Kebijakan {exit_reason} mensyaratkan bukti sebelum kasus menjadi {wanted}. Kirim berkasnya dan sebutkan."
