"""Requests of graduation that another person approves (docs/case-lifecycle.md#two-person-requests)."""

from enum import StrEnum

from sqlmodel import Field

from services.graduation.objection.models.annulment import BackPaymentTerms
from services.graduation.tables import Table
from shared.approval import ApprovalRequestColumns, ApprovalRuleFields, ApprovalTerms, approval_constraints
from shared.fields import Sentence


class ApprovalRequest(ApprovalRequestColumns, Table, table=True):
    """An act that one person requested, and the decision of another. Only the decision changes."""

    __table_args__ = approval_constraints()


class ApprovalRule(ApprovalRuleFields, Table, table=True):
    """Within how many days a request can be approved, from a day on."""


class OrderGround(StrEnum):
    """The ground of an annulment without an accepted sanggah."""

    SK_KELIRU = "SK_KELIRU"
    DATA_KELIRU = "DATA_KELIRU"
    PUTUSAN_KEBERATAN = "PUTUSAN_KEBERATAN"
    PUTUSAN_PENGADILAN = "PUTUSAN_PENGADILAN"
    LAINNYA = "LAINNYA"


class OrderTerms(ApprovalTerms):
    """An annulment without a sanggah, and its evidence."""

    ground: OrderGround = Field(default=OrderGround.LAINNYA)
    reason: Sentence


class RequestedOrder(OrderTerms):
    """A requested annulment, with the decision on each tahap concerned."""

    back_pay: list[BackPaymentTerms] = Field(default_factory=list[BackPaymentTerms])


class BackPayOrder(ApprovalTerms):
    """Another decision on the withheld tahap of an annulled case, and its evidence."""

    reason: Sentence


class RequestedBackPay(BackPayOrder):
    """The requested decision on each withheld tahap."""

    back_pay: list[BackPaymentTerms]
