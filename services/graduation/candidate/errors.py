from shared.errors import DomainError


class CandidateRuleMissing(DomainError):
    """409: the policy of this exit reason defines no candidate reasons."""

    en = "The policy of {exit_reason} does not define what makes a family a candidate."
    id = "Kebijakan {exit_reason} tidak menyebut apa yang menjadikan keluarga calon graduasi."
