"""Acts that one person requests and another approves (docs/case-lifecycle.md#two-person-requests).

A service declares its acts in an `ApprovalForm`, and has the table, the routes and the scheduled task of it.
"""

from shared.approval.commands import (
    ApprovalForm,
    TwoPersonAct,
    approval_work,
    approve_request,
    refuse_request,
    request_approval,
    withdraw_request,
)
from shared.approval.models import (
    ApprovalKind,
    ApprovalRequestColumns,
    ApprovalRuleFields,
    ApprovalState,
    ApprovalTerms,
    approval_constraints,
)

__all__ = [
    "ApprovalForm",
    "ApprovalKind",
    "ApprovalRequestColumns",
    "ApprovalRuleFields",
    "ApprovalState",
    "ApprovalTerms",
    "TwoPersonAct",
    "approval_constraints",
    "approval_work",
    "approve_request",
    "refuse_request",
    "request_approval",
    "withdraw_request",
]
