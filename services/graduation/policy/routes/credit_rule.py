"""Routes of credit rules."""

import sqlalchemy as sa
from starlette.responses import Response

from services.graduation.policy.commands import versions
from services.graduation.policy.models.credit_rule import CreditRule, CreditRuleTerms, CreditRuleView
from shared.access import Permission
from shared.fields import Body
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import CORRECT_REQUEST

router = Router(tag="policy")


class CreditRuleDraft(CreditRuleTerms, Body):
    """A version of the credit rule, with its text in both languages."""


class CreditRulePage(Page):
    """A page of versions, oldest first."""

    items: list[CreditRuleView]


@router.post("/credit-rule", status_code=201)
@may(Permission.POLICY_DRAFT, key_required=True, undo=CORRECT_REQUEST)
async def set_credit_rule(body: CreditRuleDraft, session: Session, actor: CurrentActor) -> CreditRuleView:
    """Add the next version of the credit rule.

    It has no effect until an approved policy uses it.
    """
    return await versions.set_credit_rule(session, actor, body)


@router.get("/credit-rule", response_model=CreditRulePage)
@may(Permission.POLICY_READ)
async def list_credit_rules(session: Session, paging: Paging) -> Response:
    """List the versions of the credit rule, oldest first."""
    statement = sa.select(*(getattr(CreditRule, name) for name in CreditRuleView.model_fields))
    return await paging.answer(session, statement, (CreditRule.version,))
