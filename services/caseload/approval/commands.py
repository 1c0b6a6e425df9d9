"""The acts of caseload that one person requests and another approves."""

from services.caseload.approval.models import ApprovalRequest, ApprovalRule
from services.caseload.member.commands.reversal import require_dead, reverse_death
from services.caseload.member.models import DeathReversalTerms
from services.caseload.membership.commands.void import require_voidable_membership, void_membership
from services.caseload.membership.models import MembershipVoidTerms
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
        ),
        ApprovalKind.MEMBERSHIP_VOID: TwoPersonAct(
            requested_by=Role.DINSOS_KABKOTA,
            approved_by=Role.KEMENSOS,
            terms=MembershipVoidTerms,
            check=require_voidable_membership,
            perform=void_membership,
        ),
    },
)
