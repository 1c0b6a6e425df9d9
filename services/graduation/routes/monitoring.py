"""The months after an exit."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.graduation import commands, queries
from services.graduation.models import MonitoringTask, RelapseCause, TaskKind
from services.graduation.routes.shapes import Day, Reason, Request, View
from shared.access import Permission
from shared.http import Caller, Paging, Router, Session, may

router = Router(tag="monitoring")


class MonitoringResult(Request):
    """What was found: still on its own feet, or fallen back and why (coded; the note stays here)."""

    still_out: Annotated[bool, Field(strict=True)]
    cause: RelapseCause | None = None
    note: Reason | None = None


class MonitoringTaskView(View):
    """A task after the exit: a month, a follow-up at 12 or 24 months, or a check on a report of a relapse."""

    task_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    kind: TaskKind
    month: int
    opens_on: date
    due_on: date
    recorded_on: date | None
    closed_on: date | None
    still_out: bool | None
    cause: RelapseCause | None
    note: str | None
    version: int


class MonitoringPage(View):
    """A page of tasks, the earliest due first."""

    items: list[MonitoringTaskView]
    next: str | None


@router.get("/monitoring", response_model=MonitoringPage)
@may(Permission.GRADUASI_READ)
async def list_monitoring(
    session: Session,
    caller: Caller,
    paging: Paging,
    graduasi_id: Annotated[UUID | None, Query()] = None,
    open_only: Annotated[bool, Query()] = True,
    mine: Annotated[bool, Query()] = False,
    due_by: Annotated[Day | None, Query()] = None,
) -> Response:
    """List monitoring tasks, the earliest due first; `mine` are those that wait for the caller, by who holds what."""
    wanted = queries.TaskFilter(graduasi_id, open_only, mine, due_by)
    found = await queries.tasks(session, caller, wanted)
    return await paging.answer(session, found, (MonitoringTask.due_on, MonitoringTask.task_id))


@router.post("/monitoring/{task_id}/result", status_code=201, response_model=MonitoringTaskView)
@may(Permission.MONITORING_RECORD, key_required=True)
async def record_monitoring(
    task_id: UUID, body: MonitoringResult, session: Session, caller: Caller
) -> MonitoringTask:
    """Record what was found; the last month ends the case, a check that finds a relapse confirms it."""
    return await commands.record_monitoring(session, caller, task_id, commands.Finding(**body.model_dump()))
