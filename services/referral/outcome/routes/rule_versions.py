"""What the ministry sets for everybody, version after version: at which months outcomes are asked, words of consent."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator
from starlette.responses import Response

from services.referral import visibility
from services.referral.consent.models import ConsentText
from services.referral.follow_up.models import OutcomeRule
from services.referral.outcome import queries
from services.referral.outcome.commands import rule_versions
from shared.access import Permission
from shared.errors import BadValue
from shared.http import CurrentActor, Paging, Router, Session, may
from shared.http.fields import Body, Day, Sentence, View

outcome_rules = Router(tag="outcome-rule")
consent_texts = Router(tag="consent")
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


class ConsentTextBody(Body):
    """The words that are read to a family before it agrees, from a day on."""

    text: Annotated[
        str,
        Field(
            min_length=40,
            max_length=4000,
            examples=["Saya setuju data minimum keluarga saya disampaikan kepada mitra program ini."],
        ),
    ]
    valid_from: Day
    basis: Sentence


class ConsentTextView(View):
    """A version of the words; it holds from `valid_from` to the day before the next one's."""

    version: int
    valid_from: date
    text: str
    basis: str


class ConsentTextPage(View):
    """A page of texts, oldest first."""

    items: list[ConsentTextView]
    next: str | None


@outcome_rules.post("/outcome-rule", status_code=201)
@may(Permission.OUTCOME_RULE_SET, key_required=True)
async def set_outcome_rule(body: OutcomeRuleBody, session: Session, actor: CurrentActor) -> OutcomeRuleView:
    """Set at which months outcomes are asked, from a day on; rujukan that opened before keep theirs."""
    new = rule_versions.NewOutcomeRule(**body.model_dump())
    return OutcomeRuleView.model_validate(await rule_versions.set_outcome_rule(session, new, actor))


@outcome_rules.get("/outcome-rule", response_model=OutcomeRulePage)
@may(Permission.OUTCOME_RULE_READ)
async def list_outcome_rules(session: Session, paging: Paging) -> Response:
    """List the versions of the months, oldest first."""
    statement = visibility.columns_of(OutcomeRule, list(OutcomeRuleView.model_fields))
    return await paging.answer(session, statement, queries.OUTCOME_RULE_ORDER)


@consent_texts.get("/consent-text", response_model=ConsentTextPage)
@may(Permission.RUJUKAN_READ)
async def list_consent_texts(session: Session, paging: Paging) -> Response:
    """List the texts that are read to a family before it agrees, oldest first."""
    statement = visibility.columns_of(ConsentText, list(ConsentTextView.model_fields))
    return await paging.answer(session, statement, queries.CONSENT_TEXT_ORDER)


@consent_texts.post("/consent-text", status_code=201)
@may(Permission.CONSENT_TEXT_SET, key_required=True)
async def set_consent_text(body: ConsentTextBody, session: Session, actor: CurrentActor) -> ConsentTextView:
    """Set the words of consent from a day on; what was agreed to before stays agreed to."""
    new = rule_versions.NewConsentText(**body.model_dump())
    return ConsentTextView.model_validate(await rule_versions.set_consent_text(session, new, actor))
