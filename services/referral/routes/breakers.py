"""A partner's breaker: whether its system is called, and after how many failures no more."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.referral import queries
from services.referral.commands import breaker
from services.referral.models import BreakerState, Partner
from services.referral.routes.shapes import Body, View
from shared.access import Permission
from shared.http import Caller, Router, Session, may

breakers = Router(tag="partner")


class BreakerLimitBody(Body):
    """After how many failures in a row a partner is left alone, and for how many seconds of real time."""

    failures_to_open: Annotated[int, Field(strict=True, ge=1, le=1000, examples=[5])]
    wait_seconds: Annotated[int, Field(strict=True, ge=1, le=86_400, examples=[60])]


class BreakerView(View):
    """How a partner's breaker stands, under which limits. OPEN: nobody calls it until `retry_at`."""

    partner_id: UUID
    state: BreakerState
    failures: int
    failures_to_open: int
    wait_seconds: int
    changed_at: datetime | None
    retry_at: datetime | None


@breakers.get("/partner/{partner_id}/breaker")
@may(Permission.BREAKER_READ)
async def read_breaker(partner_id: UUID, session: Session) -> BreakerView:
    """Read whether a partner's system is called."""
    await queries.read(session, Partner, partner_id, "partner")
    return BreakerView.model_validate(await breaker.breaker_of(session, partner_id))


@breakers.post("/partner/{partner_id}/breaker", status_code=201)
@may(Permission.BREAKER_SET, key_required=True)
async def set_breaker_limit(
    partner_id: UUID, body: BreakerLimitBody, session: Session, caller: Caller
) -> BreakerView:
    """Give a partner limits of its own."""
    return BreakerView.model_validate(
        await breaker.set_limit(session, partner_id, body.failures_to_open, body.wait_seconds, caller.sub)
    )
