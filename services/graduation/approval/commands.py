"""The acts of graduation that one person requests and another approves."""

from services.graduation.approval.models import (
    ApprovalRequest,
    ApprovalRule,
    RequestedBackPay,
    RequestedOrder,
)
from services.graduation.decree.commands.correction import correct_sk, require_correctable
from services.graduation.decree.models import CorrectionTerms
from services.graduation.monitoring.commands.reversal import require_reversible, reverse_result
from services.graduation.monitoring.models import ReversalTerms
from services.graduation.objection.commands import back_pay
from services.graduation.objection.commands.annulment import annul, require_annullable
from shared.access import Role
from shared.approval import ApprovalForm, ApprovalKind, TwoPersonAct

FORM = ApprovalForm(
    ApprovalRequest,
    ApprovalRule,
    {
        ApprovalKind.ANNULMENT: TwoPersonAct(
            requested_by=Role.KEMENSOS,
            approved_by=Role.KEMENSOS,
            terms=RequestedOrder,
            check=require_annullable,
            perform=annul,
        ),
        ApprovalKind.BACK_PAY_CORRECTION: TwoPersonAct(
            requested_by=Role.KEMENSOS,
            approved_by=Role.KEMENSOS,
            terms=RequestedBackPay,
            check=back_pay.require_correctable,
            perform=back_pay.correct_back_pay,
        ),
        ApprovalKind.MONITORING_REVERSAL: TwoPersonAct(
            requested_by=Role.DINSOS_KABKOTA,
            approved_by=Role.KEMENSOS,
            terms=ReversalTerms,
            check=require_reversible,
            perform=reverse_result,
        ),
        ApprovalKind.SK_CORRECTION: TwoPersonAct(
            requested_by=Role.KEMENSOS,
            approved_by=Role.KEMENSOS,
            terms=CorrectionTerms,
            check=require_correctable,
            perform=correct_sk,
        ),
    },
)
