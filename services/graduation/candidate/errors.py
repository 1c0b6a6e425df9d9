from shared.errors import DomainError
from shared.remedies import operation
from shared.roles import MINISTRY


class CandidateRuleMissing(DomainError):
    """409: the policy of this exit reason defines no candidate reasons."""

    en = "The policy of {exit_reason} defines no candidate reasons. Ask Kemensos to activate a version that does."
    id = "Kebijakan {exit_reason} tidak memuat alasan calon graduasi. Mintalah Kemensos mengaktifkan versi yang memuatnya."
    remedy = operation("activate_policy", MINISTRY)
