"""The acts of caseload that one person requests and another approves."""

from services.caseload.approval.models import ApprovalRequest, ApprovalRule
from services.caseload.member.commands.reversal import require_dead, reverse_death
from services.caseload.member.models import DeathReversalTerms
from shared.access import Role
from shared.approval import ApprovalForm, ApprovalKind, TwoPersonAct

FORM = ApprovalForm(
    ApprovalRequest,
    ApprovalRule,
    {
        ApprovalKind.DEATH_REVERSAL: TwoPersonAct(
            requested_by=Role.DINSOS_KABKOTA,
            approved_by=Role.KEMENSOS,
            terms=DeathReversalTerms,
            check=require_dead,
            perform=reverse_death,
        )
    },
)
