"""Requests of registry that another person approves (docs/case-lifecycle.md#two-person-requests)."""

from services.registry.tables import Table
from shared.approval import ApprovalRequestColumns, ApprovalRuleFields, approval_constraints


class ApprovalRequest(ApprovalRequestColumns, Table, table=True):
    """An act that one person requested, and the decision of another. Only the decision changes."""

    __table_args__ = approval_constraints()


class ApprovalRule(ApprovalRuleFields, Table, table=True):
    """Within how many days a request can be approved, from a day on."""
