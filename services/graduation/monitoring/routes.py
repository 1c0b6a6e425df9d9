"""Routes of the monitoring after an exit, and of the cohort."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.graduation.approval.commands import FORM
from services.graduation.monitoring import queries
from services.graduation.monitoring.commands import results, voids
from services.graduation.monitoring.commands.actions import CASE_STATE, make_lister
from services.graduation.monitoring.models import (
    FindingTerms,
    MonitoringTask,
    MonitoringTaskView,
    ReversalTerms,
    VoidedResult,
    VoidedResultView,
)
from shared.access import Permission
from shared.actions import ActionView
from shared.approval import ApprovalKind, request_approval
from shared.contracts.kinds import ExitReason
from shared.database import vault_of
from shared.field_classes import SPESIFIK
from shared.fields import Body, Day, View, Voiding, Wilayah
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.http.approvals import ApprovalRequestView, accepted_answer
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import one_of, operation, to_call
from shared.roles import DINSOS, FIELD, TEAM_LEAD

router = Router(tag="monitoring")

VOIDED_OR_REVERSED = one_of(
    to_call("void_monitoring", FIELD | TEAM_LEAD), to_call("reverse_monitoring", DINSOS)
)
# A request is withdrawn. After its approval the result is recorded again.
REQUESTED_REVERSAL = one_of(to_call("withdraw_approval_request", DINSOS), to_call("record_monitoring", FIELD))


class MonitoringResult(FindingTerms, Body):
    """The result of a visit: still without bansos, or a relapse with its cause.

    Without `visited_on` the visit was today. A result may be entered some days later by who accompanied the family
    on the day of the visit.

    The note is stored in this service only, sealed.
    """


class MonitoringItem(MonitoringTaskView):
    """A task, flagged for its evidence, or if its author was not AKTIF that day."""

    flagged: Annotated[bool, SPESIFIK]
    evidence_flagged: Annotated[bool, SPESIFIK]


class ListedMonitoring(MonitoringItem):
    """A task of a list, with actions by its state and the caller's role."""

    actions: list[ActionView]


class MonitoringPage(ChangePage):
    """A page of tasks, the earliest due first."""

    items: list[ListedMonitoring]


@router.get("/monitoring", response_model=MonitoringPage)
@may(Permission.GRADUASI_READ)
async def list_monitoring(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("due_on")],
    graduasi_id: Annotated[UUID | None, Query()] = None,
    open_only: Annotated[bool, Query()] = True,
    mine: Annotated[bool, Query()] = False,
    due_by: Annotated[Day | None, Query()] = None,
    flagged: Annotated[bool, Query()] = False,
) -> Response:
    """List monitoring tasks, the earliest due first.

    `mine` selects open tasks that wait for the caller: of families that the caller accompanies, and follow-ups of
    families in the caller's areas that nobody accompanies. `flagged` selects results whose author was not AKTIF on
    the day of the visit, as known today, and results whose evidence is flagged.
    """
    filters = queries.TaskFilter(graduasi_id, open_only and not flagged, mine, due_by, flagged)
    statement = (await queries.select_tasks(session, actor, filters)).add_columns(CASE_STATE)
    order = (MonitoringTask.due_on, MonitoringTask.task_id)
    shape = make_lister(vault_of(session), actor)
    return await paging.answer(session, days.limit(statement, MonitoringTask.due_on), order, shape=shape)


@router.post("/monitoring/{task_id}/result", status_code=201)
@may(Permission.MONITORING_RECORD, key_required=True, author_reads=True, undo=VOIDED_OR_REVERSED)
async def record_monitoring(
    task_id: UUID, body: MonitoringResult, session: Session, actor: CurrentActor
) -> MonitoringTaskView:
    """Record the result of a task.

    When all months are recorded, the case ends, and the last month decides the outcome. A check or follow-up that
    finds a relapse confirms it at once, and ends a case that is still monitored.
    """
    task = await results.record_monitoring(session, actor, task_id, body)
    return MonitoringTaskView(**queries.view_task(session, task))


@router.post("/monitoring/{task_id}/void")
@may(
    Permission.MONITORING_VOID,
    key_required=True,
    author_reads=True,
    undo=operation("record_monitoring", FIELD),
)
async def void_monitoring(
    task_id: UUID, body: Voiding, session: Session, actor: CurrentActor
) -> MonitoringTaskView:
    """Void a wrong result. Its author may, and the ketua tim of the area.

    It stays readable and counts nowhere. The task waits for the right result.
    """
    task = await voids.void_result(session, actor, task_id, reason=body.reason)
    return MonitoringTaskView(**queries.view_task(session, task))


class MonitoringReversal(ReversalTerms, Body):
    """Why a result that decided the monitoring does not count, and its evidence.

    The reason is stored in this service only, sealed.
    """


@router.post("/monitoring/{task_id}/reversal", status_code=202, response_model=ApprovalRequestView)
@may(Permission.MONITORING_REVERSE, key_required=True, undo=REQUESTED_REVERSAL)
async def reverse_monitoring(
    task_id: UUID, body: MonitoringReversal, session: Session, actor: CurrentActor
) -> Response:
    """Request the reversal of a wrong result after the monitoring was decided. Kemensos approves it.

    The result stays readable and counts nowhere. A case that it completed is monitored again, and a relapse that it
    confirmed is lifted. The task waits for the right result.
    """
    kind = ApprovalKind.MONITORING_REVERSAL
    return accepted_answer(session, await request_approval(session, actor, FORM, kind, task_id, body))


class VoidedResultItem(VoidedResultView):
    """A voided result of a task."""


class VoidedResultPage(Page):
    """A page of voided results, the first one first."""

    items: list[VoidedResultItem]


@router.get("/monitoring/{task_id}/void", response_model=VoidedResultPage)
@may(Permission.GRADUASI_READ)
async def list_voided_monitoring(
    task_id: UUID, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """List the voided results of a task, the first one first."""
    statement = await queries.select_voided_results(session, actor, task_id)
    shape = partial(queries.open_voided_note, vault_of(session))
    return await paging.answer(session, statement, (VoidedResult.void_id,), shape=shape)


cohort = Router(tag="cohort")


class SurvivalView(View):
    """Counts of families at one month after the exit.

    `reached`: the month has passed. `seen`: there is a result. `still_out`: still without bansos.
    """

    month: int
    reached: int
    seen: int
    still_out: int


class CohortItem(View):
    """The families of one exit reason. Aid is counted in families, amounts in rupiah."""

    exit_reason: ExitReason
    determined: int
    annulled: int
    effective: int
    sent: int
    accepted: int
    delivered: int
    amount_rp: int
    survival: list[SurvivalView]


class CohortView(View):
    """The families determined in SK of a year."""

    year: int
    kode_wilayah: str | None
    items: list[CohortItem]


@cohort.get("/cohort", response_model=CohortView)
@may(Permission.COHORT_READ)
async def read_cohort(
    session: Session,
    actor: CurrentActor,
    year: Annotated[int, Query(ge=2020, le=2100, examples=[2026])],
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
) -> dict[str, Any]:
    """Return the results of the families determined in a year, per exit reason."""
    return await queries.read_cohort(session, actor, year, kode_wilayah)
