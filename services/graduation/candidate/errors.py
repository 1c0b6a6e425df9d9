"""What graduation may refuse to do with a rule, in the words of an official."""

from shared.errors import DomainError


class CandidateRuleMissing(DomainError):
    """409: the policy of this exit reason does not say what makes a candidate."""

    en = "The policy of {exit_reason} does not say what makes a family a candidate."
    id = "Kebijakan {exit_reason} tidak menyebut apa yang menjadikan keluarga calon graduasi."
