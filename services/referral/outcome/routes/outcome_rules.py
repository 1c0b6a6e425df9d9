"""Routes of the outcome rule and its versions."""

from typing import Self

from pydantic import model_validator
from starlette.responses import Response

from services.referral import visibility
from services.referral.follow_up.models import OutcomeRule, OutcomeRuleTerms, OutcomeRuleView
from services.referral.outcome import queries
from services.referral.outcome.commands import outcome_rules as commands
from shared.access import Permission
from shared.errors import BadValue
from shared.fields import Body
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import MINISTRY

outcome_rules = Router(tag="outcome-rule")


class OutcomeRuleBody(OutcomeRuleTerms, Body):
    """The months after a delivery at which outcomes are asked, from a day on.

    The rule applies to rujukan that open from that day.
    """

    @model_validator(mode="after")
    def refuse_unsorted_months(self) -> Self:
        """Refuse months that repeat or do not ascend."""
        if self.months != sorted(set(self.months)):
            raise BadValue(
                "The months must ascend, each named once.", "Bulan harus berurutan naik dan tidak berulang."
            )
        return self


class OutcomeRulePage(Page):
    """A page of versions, oldest first."""

    items: list[OutcomeRuleView]


@outcome_rules.post("/outcome-rule", status_code=201)
@may(Permission.OUTCOME_RULE_SET, key_required=True, undo=operation("void_version", MINISTRY))
async def set_outcome_rule(body: OutcomeRuleBody, session: Session, actor: CurrentActor) -> OutcomeRuleView:
    """Set the months at which outcomes are asked, from a day on.

    Rujukan that opened before keep their version.
    """
    return await commands.set_outcome_rule(session, body, actor)


@outcome_rules.get("/outcome-rule", response_model=OutcomeRulePage)
@may(Permission.OUTCOME_RULE_READ)
async def list_outcome_rules(session: Session, paging: Paging) -> Response:
    """List the versions of the rule, oldest first."""
    statement = visibility.select_columns(OutcomeRule, list(OutcomeRuleView.model_fields))
    return await paging.answer(session, statement, queries.OUTCOME_RULE_ORDER)
