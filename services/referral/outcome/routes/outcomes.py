"""Outcomes, their tasks, and reports of relapse."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.referral.outcome import queries
from services.referral.outcome.commands import outcomes
from shared import clock
from shared.access import Permission, Scope
from shared.contracts.kinds import RelapseCause
from shared.fields import Body, Rupiah, View
from shared.http import CurrentActor, Paging, Router, Session, may

answers = Router(tag="partner-answer")


class OutcomeBody(Body):
    """What was found so many months after delivery, as the rule asks; turnover in rupiah a month."""

    month: Annotated[int, Field(strict=True, ge=1, le=120, examples=[3])]
    still_in_business: Annotated[bool, Field(strict=True, examples=[True])]
    omzet_rp: Rupiah | None = None


class OutcomeItem(View):
    """What became of the aid; turnover in rupiah a month."""

    month: int
    still_in_business: bool
    omzet_rp: int | None
    recorded_on: date


class RelapseBody(Body):
    """Somebody sees that the family may have fallen back, `month` months after the exit; the cause is a code."""

    month: Annotated[int, Field(strict=True, ge=0, le=240, examples=[4])]
    cause: RelapseCause
    reported_on: date = Field(examples=["2026-10-20"])


class RelapseView(View):
    """A report of relapse."""

    rujukan_id: UUID
    reported_on: date
    month: int
    cause: RelapseCause


class OutcomeTaskItem(View):
    """An outcome that is to be seen. A partner is not shown the family's id."""

    rujukan_program_id: UUID
    month: int
    program_code: str
    kode_wilayah: str
    due_on: date
    kpm_id: UUID | None = None


class OutcomeTaskPage(View):
    """A page of outcomes to be seen, the longest due first."""

    items: list[OutcomeTaskItem]
    next: str | None


@answers.post("/rujukan-program/{rujukan_program_id}/outcome", status_code=201)
@may(Permission.OUTCOME_RECORD, key_required=True)
async def record_outcome(
    rujukan_program_id: UUID, body: OutcomeBody, session: Session, actor: CurrentActor
) -> OutcomeItem:
    """Record what became of the aid in a month that has come."""
    seen = outcomes.Seen(**body.model_dump())
    return OutcomeItem.model_validate(await outcomes.record_outcome(session, rujukan_program_id, seen, actor))


@answers.get("/outcome-task", response_model=OutcomeTaskPage)
@may(Permission.RUJUKAN_READ)
async def list_outcome_tasks(
    session: Session, actor: CurrentActor, paging: Paging, due_by: date | None = None
) -> Response:
    """List outcomes that are due, today or by a day: of the families in the caller's care, of a partner its own."""
    today = await clock.today(session)
    names = [
        name for name in OutcomeTaskItem.model_fields if name != "kpm_id" or actor.scope is not Scope.PARTNER
    ]
    statement = queries.outcome_task_list(names, today, actor, due_by=due_by)
    return await paging.answer(session, statement, queries.OUTCOME_TASK_ORDER)


@answers.post("/rujukan/{rujukan_id}/relapse-report", status_code=201)
@may(Permission.OUTCOME_RECORD, key_required=True)
async def report_relapse(
    rujukan_id: UUID, body: RelapseBody, session: Session, actor: CurrentActor
) -> RelapseView:
    """Report that the family may have fallen back; graduation checks it."""
    report = await outcomes.report_relapse(session, rujukan_id, **body.model_dump(), actor=actor)
    return RelapseView.model_validate(report)
