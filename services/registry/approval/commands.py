"""The acts of registry that one person requests and another approves."""

from services.registry.approval.models import ApprovalRequest, ApprovalRule
from services.registry.pendamping.commands.reversal import require_reversible, reverse_status
from services.registry.pendamping.commands.status import dismiss, require_dismissible
from services.registry.pendamping.models import StatusChangeTerms, StatusReversalTerms
from shared.access import Role
from shared.approval import ApprovalForm, ApprovalKind, TwoPersonAct

FORM = ApprovalForm(
    ApprovalRequest,
    ApprovalRule,
    {
        ApprovalKind.DISMISSAL: TwoPersonAct(
            requested_by=Role.KEMENSOS,
            approved_by=Role.KEMENSOS,
            terms=StatusChangeTerms,
            check=require_dismissible,
            perform=dismiss,
        ),
        ApprovalKind.STATUS_REVERSAL: TwoPersonAct(
            requested_by=Role.DINSOS_KABKOTA,
            approved_by=Role.KEMENSOS,
            terms=StatusReversalTerms,
            check=require_reversible,
            perform=reverse_status,
        ),
    },
)
