"""Crediting rules over HTTP: every version, and the next one, which does nothing until a policy names it."""

from datetime import date
from typing import Annotated

import sqlalchemy as sa
from pydantic import Field, StrictBool
from starlette.responses import Response

from services.graduation.policy import commands
from services.graduation.policy.models.credit_rule import CreditArea, CreditedTo, CreditRule, CreditYear
from shared.access import Permission
from shared.fields import Body, Sentence, View
from shared.http import CurrentActor, Paging, Router, Session, may

router = Router(tag="policy")
Words = Annotated[
    str,
    Field(
        min_length=20,
        max_length=600,
        examples=["A penetapan counts once, to the penugasan of who proposed it."],
    ),
]


class CreditRuleDraft(Body):
    """A version of the rule; its words say in both languages what it does."""

    credited: CreditedTo
    year_of: CreditYear
    area_of: CreditArea
    reversed_by_annulment: StrictBool
    text_en: Words
    text_id: Words
    basis: Sentence


class CreditRuleView(View):
    """A version of the rule, and from which day policies may name it."""

    version: int
    valid_from: date
    credited: CreditedTo
    year_of: CreditYear
    area_of: CreditArea
    reversed_by_annulment: bool
    text_en: str
    text_id: str
    basis: str


class CreditRulePage(View):
    """A page of versions, oldest first."""

    items: list[CreditRuleView]
    next: str | None


@router.post("/credit-rule", status_code=201, response_model=CreditRuleView)
@may(Permission.POLICY_DRAFT, key_required=True)
async def set_credit_rule(body: CreditRuleDraft, session: Session, actor: CurrentActor) -> CreditRule:
    """Write the next version of the rule down; it counts nothing until a policy that two have approved names it."""
    return await commands.set_credit_rule(session, actor, commands.NewCreditRule(**body.model_dump()))


@router.get("/credit-rule", response_model=CreditRulePage)
@may(Permission.POLICY_READ)
async def list_credit_rules(session: Session, paging: Paging) -> Response:
    """List the versions of the rule, oldest first; a policy names its own by number."""
    statement = sa.select(*(getattr(CreditRule, name) for name in CreditRuleView.model_fields))
    return await paging.answer(session, statement, (CreditRule.version,))
