"""Routes of outcomes, their tasks, and reports of relapse."""

from uuid import UUID

from starlette.responses import Response

from services.referral.follow_up.models import (
    OutcomeItem,
    OutcomeTaskItem,
    OutcomeTerms,
    RelapseTerms,
    RelapseView,
)
from services.referral.outcome import queries
from services.referral.outcome.commands import outcomes
from shared import clock
from shared.access import Permission, Scope
from shared.fields import Body, Day, Voiding
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import one_of, operation, to_call
from shared.roles import FIELD, PARTNERS

answers = Router(tag="partner-answer")


class OutcomeBody(OutcomeTerms, Body):
    """What was observed some months after delivery, as the rule asks.

    Turnover in rupiah a month.
    """


class RelapseBody(RelapseTerms, Body):
    """A report that the family may have relapsed, `month` months after the exit.

    The cause is a code.
    """


class OutcomeTaskPage(Page):
    """A page of outcomes to be recorded, the longest due first."""

    items: list[OutcomeTaskItem]


@answers.post("/rujukan-program/{rujukan_program_id}/outcome", status_code=201)
@may(
    Permission.OUTCOME_RECORD,
    key_required=True,
    undo=one_of(to_call("correct_outcome", FIELD | PARTNERS), to_call("void_outcome", FIELD | PARTNERS)),
)
async def record_outcome(
    rujukan_program_id: UUID, body: OutcomeBody, session: Session, actor: CurrentActor
) -> OutcomeItem:
    """Record the outcome of the aid in a month that is due."""
    return await outcomes.record_outcome(session, rujukan_program_id, body, actor)


@answers.get("/outcome-task", response_model=OutcomeTaskPage)
@may(Permission.RUJUKAN_READ)
async def list_outcome_tasks(
    session: Session, actor: CurrentActor, paging: Paging, due_by: Day | None = None
) -> Response:
    """List outcomes that are due, today or by a day.

    A pendamping sees those of the accompanied families, a partner its own.
    """
    today = await clock.today(session)
    names = [
        name for name in OutcomeTaskItem.model_fields if name != "kpm_id" or actor.scope is not Scope.PARTNER
    ]
    statement = queries.select_outcome_tasks(names, today, actor, due_by=due_by)
    return await paging.answer(session, statement, queries.OUTCOME_TASK_ORDER)


@answers.post("/rujukan/{rujukan_id}/relapse-report", status_code=201)
@may(Permission.OUTCOME_RECORD, key_required=True, undo=operation("void_relapse", FIELD | PARTNERS))
async def report_relapse(
    rujukan_id: UUID, body: RelapseBody, session: Session, actor: CurrentActor
) -> RelapseView:
    """Report that the family may have relapsed. Graduation checks it."""
    return await outcomes.report_relapse(session, rujukan_id, body, actor)


@answers.post("/relapse-report/{relapse_report_id}/void", status_code=201)
@may(Permission.OUTCOME_RECORD, key_required=True, undo=operation("report_relapse", FIELD | PARTNERS))
async def void_relapse(
    relapse_report_id: UUID, body: Voiding, session: Session, actor: CurrentActor
) -> RelapseView:
    """Void a report that was a mistake. A partner voids its own ones.

    Its visit task is closed, unless another report of the month asks for it. A check in graduation is still made.
    """
    return await outcomes.void_relapse(session, relapse_report_id, body.reason, actor)
