"""At which months outcomes are asked, version after version."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator
from starlette.responses import Response

from services.referral import visibility
from services.referral.follow_up.models import OutcomeRule
from services.referral.outcome import queries
from services.referral.outcome.commands import outcome_rules as commands
from shared.access import Permission
from shared.errors import BadValue
from shared.fields import Body, Day, Sentence, View
from shared.http import CurrentActor, Paging, Router, Session, may

outcome_rules = Router(tag="outcome-rule")
Month = Annotated[int, Field(strict=True, ge=1, le=60)]


class OutcomeRuleBody(Body):
    """At which months after a delivery an outcome is asked, of rujukan that open from a day on."""

    months: Annotated[list[Month], Field(min_length=1, max_length=24, examples=[[3, 6, 12, 24]])]
    valid_from: Day
    basis: Sentence

    @model_validator(mode="after")
    def refuse_disorder(self) -> Self:
        """Each month is asked once, and they are read in their order."""
        if self.months != sorted(set(self.months)):
            raise BadValue(
                "The months must ascend, each named once.", "Bulan harus berurutan naik dan tidak berulang."
            )
        return self


class OutcomeRuleView(View):
    """A version. It holds for rujukan that opened from `valid_from` to the day before `valid_to`."""

    version: int
    months: list[int]
    valid_from: date
    valid_to: date | None
    basis: str


class OutcomeRulePage(View):
    """A page of versions, oldest first."""

    items: list[OutcomeRuleView]
    next: str | None


@outcome_rules.post("/outcome-rule", status_code=201)
@may(Permission.OUTCOME_RULE_SET, key_required=True)
async def set_outcome_rule(body: OutcomeRuleBody, session: Session, actor: CurrentActor) -> OutcomeRuleView:
    """Set at which months outcomes are asked, from a day on; rujukan that opened before keep theirs."""
    new = commands.NewOutcomeRule(**body.model_dump())
    return OutcomeRuleView.model_validate(await commands.set_outcome_rule(session, new, actor))


@outcome_rules.get("/outcome-rule", response_model=OutcomeRulePage)
@may(Permission.OUTCOME_RULE_READ)
async def list_outcome_rules(session: Session, paging: Paging) -> Response:
    """List the versions of the months, oldest first."""
    statement = visibility.columns_of(OutcomeRule, list(OutcomeRuleView.model_fields))
    return await paging.answer(session, statement, queries.OUTCOME_RULE_ORDER)
