"""Handing the families of an area from one placement to another."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator
from starlette.responses import Response

from services.caseload.hand_over.commands.request import preview_hand_over, request_hand_over
from services.caseload.hand_over.commands.withdrawal import withdraw_hand_over
from services.caseload.hand_over.models import HandOver, HandOverRecord, HandOverTerms
from services.caseload.hand_over.queries import list_hand_overs, read_hand_over
from shared.access import Permission
from shared.fields import Asked, Body, Paragraph, View, Wilayah
from shared.http import CurrentActor, Paging, Router, Session, may
from shared.http.operations import Sentences

hand_over = Router(tag="hand-over")


class HandOverOrder(HandOverTerms, Body):
    """Whose families, of which area, go to whom; `on` is the receiver's first day. Without a purpose: all of them."""


class HandOverRequest(HandOverOrder):
    """A hand-over and why; `override_reason` lets the receiver pass the limit of policy, and is kept."""

    reason: Annotated[Paragraph, Asked("Pembagian wilayah tugas baru.")]
    override_reason: Paragraph | None = Field(default=None, examples=["Belum ada pendamping lain."])


class HandOverCallOff(Body):
    """Why a hand-over that lies ahead is not to happen; it is kept."""

    reason: Annotated[Paragraph, Asked("Penerima batal pindah tugas.")]


class WarningView(View):
    """A code and the count that it is about."""

    code: str = Field(examples=["ABOVE_WARNING"])
    count: int


class HandOverPreview(View):
    """What a hand-over would do; `from_` and `to_` are the counts that weigh on each placement, before and after."""

    families: int
    open_cases: int
    tasks: int
    from_before: int
    from_after: int
    to_before: int
    to_after: int
    warn_above: int | None
    refuse_above: int | None
    limit_version: int | None
    warnings: list[WarningView]


class HandOverState(StrEnum):
    """SCHEDULED: its day lies ahead; WITHDRAWN: called off before it; then as its job."""

    SCHEDULED = "SCHEDULED"
    WITHDRAWN = "WITHDRAWN"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class HandOverView(HandOverRecord):
    """A hand-over and how far it is; families that stayed are listed at the job's errors, each with its reason.

    Of one that FAILED, `error` is a name to program by, and `failure` says why and what to do.
    """

    state: HandOverState
    job: str | None = Field(examples=["/v1/jobs/019a0000-0000-7000-8000-000000000000"])
    on: date
    done: int
    refused: int
    error: str | None
    failure: Sentences | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None

    @model_validator(mode="before")
    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Any:
        """Read it from its row and its job's."""
        job = row["job_id"]
        counts = {name: row[name] or 0 for name in ("done", "refused")}
        said = {
            "on": row["on_date"],
            "state": row["state"] or ("WITHDRAWN" if row["withdrawn_at"] else "SCHEDULED"),
            "job": f"/v1/jobs/{job}" if job else None,
        }
        return row | counts | said

    @classmethod
    async def of(cls, session: Session, hand_over_id: UUID) -> Self:
        """Return the view of one hand-over."""
        return cls.model_validate(await read_hand_over(session, hand_over_id))


class HandOverPage(View):
    """Hand-overs, the oldest order first."""

    items: list[HandOverView]
    next: str | None


@hand_over.post("/hand-over/preview")
@may(Permission.DAMPINGAN_HAND_OVER)
async def preview_families(body: HandOverOrder, session: Session, actor: CurrentActor) -> HandOverPreview:
    """What a hand-over would do, before it is ordered."""
    return HandOverPreview.model_validate(await preview_hand_over(session, actor, body))


@hand_over.post("/hand-over", status_code=202)
@may(Permission.DAMPINGAN_HAND_OVER, key_required=True)
async def request_families(
    body: HandOverRequest, session: Session, actor: CurrentActor, response: Response
) -> HandOverView:
    """Order a hand-over; it is done in steps, at once or when its day comes."""
    why = {"reason": body.reason, "override_reason": body.override_reason}
    asked = await request_hand_over(session, actor, body, **why)
    response.headers["Location"] = f"/v1/hand-over/{asked.hand_over_id}"
    await session.flush()
    return await HandOverView.of(session, asked.hand_over_id)


@hand_over.post("/hand-over/{hand_over_id}/withdrawal", status_code=201)
@may(Permission.DAMPINGAN_HAND_OVER, key_required=True)
async def call_hand_over_off(
    hand_over_id: UUID, body: HandOverCallOff, session: Session, actor: CurrentActor
) -> HandOverView:
    """Call off a hand-over whose day lies ahead; the families stay where they are."""
    await withdraw_hand_over(session, actor, hand_over_id, reason=body.reason)
    return await HandOverView.of(session, hand_over_id)


@hand_over.get("/hand-over", response_model=HandOverPage)
@may(Permission.HAND_OVER_READ)
async def list_hand_over(
    session: Session,
    paging: Paging,
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    open_only: Annotated[bool, Query()] = True,
) -> Response:
    """Hand-overs of the caller's areas that lie ahead or are under way, in the order in which they were ordered."""
    statement = list_hand_overs(kode_wilayah, open_only=open_only)
    return await paging.answer(session, statement, (HandOver.hand_over_id,), shape=as_shown)


def as_shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return the view of a listed row."""
    return HandOverView.model_validate(row).model_dump(mode="json")


@hand_over.get("/hand-over/{hand_over_id}")
@may(Permission.HAND_OVER_READ)
async def read_families_handed_over(hand_over_id: UUID, session: Session) -> HandOverView:
    """How far a hand-over is."""
    return await HandOverView.of(session, hand_over_id)
