"""Routes of partners' breakers, and of the replay of notices."""

from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.partner import queries
from services.referral.partner.commands import breaker
from services.referral.partner.models import (
    BreakerLimit,
    BreakerLimitTerms,
    BreakerLimitView,
    BreakerView,
    Partner,
)
from services.referral.publication.commands.replay import request_replay
from shared.access import Permission
from shared.fields import Body, Instant, JobAccepted
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import CORRECT_REQUEST, nothing

breakers = Router(tag="partner")


REPLAYED = nothing(
    "A notice that is sent again has its former id and key, so the partner handles it once.",
    "Pemberitahuan yang dikirim ulang memakai id dan kunci yang sama, sehingga mitra menanganinya satu kali.",
)


class BreakerLimitBody(BreakerLimitTerms, Body):
    """When a breaker opens, and how long it stays open.

    `failures_to_open` are failures in a row. `wait_seconds` is real time.
    """


class BreakerLimitPage(Page):
    """A page of limits by partner code, `*` first."""

    items: list[BreakerLimitView]


class ReplayBody(Body):
    """The instant from which notices are sent again, in real time with its zone."""

    since: Instant = Field(examples=["2026-07-01T00:00:00+07:00"])


@breakers.get("/partner/{partner_id}/breaker")
@may(Permission.BREAKER_READ)
async def read_breaker(partner_id: UUID, session: Session) -> BreakerView:
    """Read whether a partner's system is called."""
    await visibility.read(session, Partner, partner_id, "partner")
    return await breaker.read_breaker(session, partner_id)


@breakers.post("/partner/{partner_id}/breaker", status_code=201)
@may(Permission.BREAKER_SET, key_required=True, undo=CORRECT_REQUEST)
async def set_breaker_limit(
    partner_id: UUID, body: BreakerLimitBody, session: Session, actor: CurrentActor
) -> BreakerView:
    """Set the limits of one partner."""
    return await breaker.set_limit(session, partner_id, body, actor.sub)


@breakers.post("/breaker-limit", status_code=201)
@may(Permission.BREAKER_SET, key_required=True, undo=CORRECT_REQUEST)
async def set_everybodys_limit(
    body: BreakerLimitBody, session: Session, actor: CurrentActor
) -> BreakerLimitView:
    """Set the limits of every partner that has none of its own."""
    return await breaker.upsert_limit(session, breaker.ALL_PARTNERS, body, actor.sub)


@breakers.get("/breaker-limit", response_model=BreakerLimitPage)
@may(Permission.BREAKER_READ)
async def list_breaker_limits(session: Session, paging: Paging) -> Response:
    """List the limits by partner code, those of all partners first."""
    statement = visibility.select_columns(BreakerLimit, list(BreakerLimitView.model_fields))
    return await paging.answer(session, statement, queries.BREAKER_LIMIT_ORDER)


@breakers.post("/partner/{partner_id}/replay", status_code=202)
@may(Permission.PARTNER_REPLAY, key_required=True, undo=REPLAYED)
async def replay_notices(
    partner_id: UUID, body: ReplayBody, session: Session, actor: CurrentActor, response: Response
) -> JobAccepted:
    """Send a partner again what it has taken since an instant.

    The notices are signed again under the same keys. A partner may ask for its own notices only. The reply to a RUJUKAN
    counts as an answer only while the offer has none. After that it only says that the notice is taken.
    """
    job_id = await request_replay(session, partner_id, body.since, actor)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return JobAccepted(job_id=job_id, job=f"/v1/jobs/{job_id}")
