"""The next best over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral import queries
from services.referral.commands.families import require_official
from services.referral.commands.next_best import next_best
from services.referral.models import NextBest, Rujukan, WaitingReason
from services.referral.routes.shapes import Body, View
from shared.access import Permission
from shared.http import Caller, Paging, Router, Session, may

next_bests = Router(tag="next-best")


class NextBestBody(Body):
    """After which offer of the rujukan: one refused, expired, taken back, or on a waiting list."""

    after_rujukan_program_id: Annotated[UUID, Field(examples=["0198a000-0000-7000-8000-000000000001"])]


class ConsideredView(View):
    """A program that was looked at, whether it may follow, and why or why not; `waits`: it cannot be had at once."""

    program_code: str
    revision: int
    follows: bool
    waits: WaitingReason | None
    en: str
    id: str


class NextBestView(View):
    """What is proposed after an offer that came to nothing; null where nothing fits. All that was looked at, best first."""

    after_rujukan_program_id: UUID
    rujukan_id: UUID
    rujukan_program_id: UUID | None
    considered: list[ConsideredView]
    en: str
    id: str
    proposed_on: date
    proposed_by: str


class NextBestPage(View):
    """A page of proposals."""

    items: list[NextBestView]
    next: str | None


@next_bests.post("/rujukan/{rujukan_id}/next", status_code=201)
@may(Permission.RUJUKAN_MATCH, key_required=True)
async def propose_next_best(
    rujukan_id: UUID, body: NextBestBody, session: Session, caller: Caller
) -> NextBestView:
    """Propose the next best program, explained; a proposal once made stands."""
    found = await next_best(session, rujukan_id, body.after_rujukan_program_id, caller)
    return NextBestView.model_validate(found)


@next_bests.get("/rujukan/{rujukan_id}/next", response_model=NextBestPage)
@may(Permission.RUJUKAN_READ)
async def list_next_best(rujukan_id: UUID, session: Session, caller: Caller, paging: Paging) -> Response:
    """List what was proposed within a case."""
    require_official(caller)
    await queries.read(session, Rujukan, rujukan_id, "rujukan")
    statement = queries.columns_of(NextBest, list(NextBestView.model_fields))
    mine = statement.where(NextBest.rujukan_id == rujukan_id)
    return await paging.answer(session, mine, (NextBest.after_rujukan_program_id,))
