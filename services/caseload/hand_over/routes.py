"""Routes of hand-overs of families from one placement to another."""

from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator
from starlette.responses import Response

from services.caseload.hand_over.commands.request import preview_hand_over, request_hand_over
from services.caseload.hand_over.commands.withdrawal import withdraw_hand_over
from services.caseload.hand_over.models import HandOver, HandOverRecord, HandOverTerms
from services.caseload.hand_over.queries import list_hand_overs, open_reasons, read_hand_over
from shared.access import Permission
from shared.database import vault_of
from shared.field_classes import PRIBADI
from shared.fields import Body, Paragraph, RequestOnly, Sentences, View, Wilayah
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.privacy import Vault
from shared.remedies import CHANGES_NOTHING, one_of, operation, to_call
from shared.roles import TEAM_LEAD

hand_over = Router(tag="hand-over")
# Before its day it is withdrawn, later the reverse order follows.
HANDED_BACK = one_of(to_call("call_hand_over_off", TEAM_LEAD), to_call("request_families", TEAM_LEAD))


class HandOverOrder(HandOverTerms, Body):
    """Placements, area and purpose of a hand-over. `on` is the receiver's first day.

    Without a purpose it takes all families.
    """


class HandOverRequest(HandOverOrder):
    """A hand-over and its reason. `override_reason` allows to exceed the limit. Both are stored sealed."""

    reason: Annotated[Paragraph, RequestOnly("Pembagian wilayah tugas baru.")]
    override_reason: Paragraph | None = Field(default=None, examples=["Belum ada pendamping lain."])


class HandOverCallOff(Body):
    """Why a future hand-over is withdrawn. The reason is stored sealed."""

    reason: Annotated[Paragraph, RequestOnly("Penerima batal pindah tugas.")]


class HandOverWarningView(View):
    """A code and its count of families."""

    code: str = Field(examples=["ABOVE_WARNING"])
    count: int


class HandOverPreview(View):
    """Effect of a hand-over.

    `from_*` and `to_*` are the loads of both placements before and after.
    """

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
    warnings: list[HandOverWarningView]


class HandOverState(StrEnum):
    """SCHEDULED: before its day. WITHDRAWN: withdrawn before it. Others: state of its job."""

    SCHEDULED = "SCHEDULED"
    WITHDRAWN = "WITHDRAWN"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class HandOverView(HandOverRecord):
    """A hand-over with its progress, which accounts for every family.

    `families` + `added` = `done` + `refused` + `left_out` + `remaining`. `families` were counted by the order, `added`
    came to the giver since. The job lists refused families in its errors, and added and left out ones in its changes,
    with their reasons. `remaining` are not handled yet; when the job has been CANCELLED or has FAILED they stay where
    they are. If it FAILED, `error` is a stable code, and `failure` explains the cause and what to do.
    """

    state: HandOverState
    job: str | None = Field(examples=["/v1/jobs/019a0000-0000-7000-8000-000000000000"])
    on: date
    done: int
    refused: int
    left_out: int
    added: int
    remaining: int
    error: str | None
    failure: Sentences | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    reason: Annotated[str, PRIBADI]
    override_reason: Annotated[str | None, PRIBADI]
    withdrawal_reason: Annotated[str | None, PRIBADI]

    @model_validator(mode="before")
    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Any:
        """Build the view from the row of the hand-over and its job."""
        job = row["job_id"]
        report = row["report"] or {}
        counts = {name: row[name] or 0 for name in ("done", "refused")}
        counts |= {name: report.get(name, 0) for name in ("left_out", "added")}
        counts["remaining"] = row["families"] + counts["added"] - counts["left_out"] - counts["done"]
        counts["remaining"] -= counts["refused"]
        values = {
            "on": row["on_date"],
            "state": row["state"] or ("WITHDRAWN" if row["withdrawn_at"] else "SCHEDULED"),
            "job": f"/v1/jobs/{job}" if job else None,
        }
        return row | counts | values

    @classmethod
    async def of(cls, session: Session, hand_over_id: UUID) -> Self:
        """Return the view of one hand-over."""
        return cls.model_validate(await read_hand_over(session, hand_over_id))


class HandOverPage(ChangePage):
    """Hand-overs, the oldest order first."""

    items: list[HandOverView]


@hand_over.post("/hand-over/preview")
@may(Permission.DAMPINGAN_HAND_OVER, undo=CHANGES_NOTHING)
async def preview_families(body: HandOverOrder, session: Session, actor: CurrentActor) -> HandOverPreview:
    """Preview the effect of a hand-over before it is ordered."""
    return HandOverPreview.model_validate(await preview_hand_over(session, actor, body))


@hand_over.post("/hand-over", status_code=202)
@may(Permission.DAMPINGAN_HAND_OVER, key_required=True, undo=HANDED_BACK)
async def request_families(
    body: HandOverRequest, session: Session, actor: CurrentActor, response: Response
) -> HandOverView:
    """Order a hand-over. A job moves the families at once or on its day."""
    why = {"reason": body.reason, "override_reason": body.override_reason}
    ordered = await request_hand_over(session, actor, body, **why)
    response.headers["Location"] = f"/v1/hand-over/{ordered.hand_over_id}"
    await session.flush()
    return await HandOverView.of(session, ordered.hand_over_id)


@hand_over.post("/hand-over/{hand_over_id}/withdrawal", status_code=201)
@may(Permission.DAMPINGAN_HAND_OVER, key_required=True, undo=operation("request_families", TEAM_LEAD))
async def call_hand_over_off(
    hand_over_id: UUID, body: HandOverCallOff, session: Session, actor: CurrentActor
) -> HandOverView:
    """Withdraw a future hand-over. The families stay where they are."""
    await withdraw_hand_over(session, actor, hand_over_id, reason=body.reason)
    return await HandOverView.of(session, hand_over_id)


@hand_over.get("/hand-over", response_model=HandOverPage)
@may(Permission.HAND_OVER_READ)
async def list_hand_over(
    session: Session,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("on_date")],
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    open_only: Annotated[bool, Query()] = True,
) -> Response:
    """List hand-overs of the caller's areas, by default only open ones, the oldest order first."""
    statement = list_hand_overs(kode_wilayah, open_only=open_only)
    return await paging.answer(
        session,
        days.limit(statement, HandOver.on_date),
        (HandOver.hand_over_id,),
        shape=partial(to_json, vault_of(session)),
    )


def to_json(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return the view of a listed row."""
    return HandOverView.model_validate(open_reasons(vault, row)).model_dump(mode="json")


@hand_over.get("/hand-over/{hand_over_id}")
@may(Permission.HAND_OVER_READ)
async def read_families_handed_over(hand_over_id: UUID, session: Session) -> HandOverView:
    """Read a hand-over with its progress."""
    return await HandOverView.of(session, hand_over_id)
