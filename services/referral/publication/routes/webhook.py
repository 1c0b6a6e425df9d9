"""Routes with which a partner operates its own webhook."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlmodel import Field
from starlette.responses import Response

from services.referral.notice.models import Notice
from services.referral.partner.commands.breaker import read_breaker
from services.referral.partner.models import BreakerFacts, BreakerLimitTerms, Partner
from services.referral.partner_call.models import (
    AttemptResult,
    FaultKind,
    kind_of_fault,
    result_of,
)
from services.referral.publication.commands import webhook_secret
from services.referral.publication.commands.inbox import require_partner
from services.referral.publication.commands.webhook_secret import EndedSecret
from services.referral.worklist import queries
from shared.access import Permission
from shared.fields import Body, Instant, View
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.http.idempotency import SHOWN_ONCE
from shared.remedies import operation
from shared.roles import PARTNERS

webhook = Router(tag="webhook")


class WebhookState(View):
    """The webhook of the caller's own partner.

    Until `former_valid_until` the former secret signs each notice too. Null: only one secret signs.
    """

    partner_id: UUID
    webhook_url: str | None
    former_valid_until: datetime | None


class OwnBreaker(BreakerFacts, BreakerLimitTerms):
    """The breaker of the caller's own partner, and its limits, without who set them.

    OPEN: the partner is not called until `retry_at`.
    """

    changed_at: datetime | None


class WebhookView(WebhookState):
    """The webhook of the caller's own partner, and whether it is called."""

    breaker: OwnBreaker


class RotatedWebhook(WebhookState):
    """The webhook with its new secret."""

    webhook_secret: str | None = Field(
        description="Shown in the first answer only. Null in a repeated answer. If it is lost, "
        "rotate again: the former secret stays valid until `former_valid_until`.",
        schema_extra={"json_schema_extra": {SHOWN_ONCE: True}},
    )


class WebhookAttempt(View):
    """One call of the own webhook.

    `notice_id` is its `Pilar-Id`. `recorded_at` is the instant before the call, and `milliseconds` what the call took.
    """

    attempt_id: UUID
    notice_id: UUID
    rujukan_program_id: UUID
    notice: Notice
    recorded_at: datetime
    milliseconds: int
    result: AttemptResult
    http_status: int | None
    fault: FaultKind | None


class WebhookAttemptPage(Page):
    """A page of attempts, oldest first."""

    items: list[WebhookAttempt]


class SecretEnd(Body):
    """Which of the two secrets ends."""

    ends: EndedSecret


@webhook.get("/webhook")
@may(Permission.WEBHOOK_READ)
async def read_webhook(session: Session, actor: CurrentActor) -> WebhookView:
    """Read the address, the secrets and the breaker of the own webhook."""
    partner = await session.get_one(Partner, require_partner(actor))
    shown = await read_breaker(session, partner.partner_id)
    breaker = OwnBreaker.model_construct(**{name: getattr(shown, name) for name in OwnBreaker.model_fields})
    return WebhookView.model_construct(**_state(partner), breaker=breaker)


@webhook.post("/webhook/secret", status_code=201)
@may(Permission.WEBHOOK_ROTATE, key_required=True, undo=operation("end_webhook_secret", PARTNERS))
async def rotate_webhook_secret(session: Session, actor: CurrentActor) -> RotatedWebhook:
    """Make a new secret of the own webhook.

    The former one signs each notice too, for 7 days or until you end it.
    """
    partner, secret = await webhook_secret.rotate_secret(session, require_partner(actor))
    return RotatedWebhook.model_construct(**_state(partner), webhook_secret=secret)


@webhook.post("/webhook/secret-end", status_code=201)
@may(Permission.WEBHOOK_ROTATE, key_required=True, undo=operation("rotate_webhook_secret", PARTNERS))
async def end_webhook_secret(body: SecretEnd, session: Session, actor: CurrentActor) -> WebhookState:
    """End the former of two secrets, or the newest.

    Pending notices are sent again at once.
    """
    partner = await webhook_secret.end_secret(session, require_partner(actor), body.ends)
    return WebhookState.model_construct(**_state(partner))


@webhook.get("/webhook/attempt", response_model=WebhookAttemptPage)
@may(Permission.WEBHOOK_READ)
async def list_webhook_attempts(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    since: Annotated[Instant | None, Query(description="Only attempts from this instant on.")] = None,
) -> Response:
    """List the calls of the own webhook with status or fault and duration.

    Only of offers that were shared with you.
    """
    statement = queries.select_own_attempts(require_partner(actor), since)
    return await paging.answer(session, statement, queries.OWN_ATTEMPT_ORDER, shape=_attempt)


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    fault = row["fault"] and kind_of_fault(row["fault"])
    return row | {"result": result_of(row["http_status"], row["fault"]), "fault": fault}


def _state(partner: Partner) -> dict[str, Any]:
    return {name: getattr(partner, name) for name in WebhookState.model_fields}
