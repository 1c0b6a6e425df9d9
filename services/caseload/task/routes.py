"""Routes of tasks."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.task.commands import finish_tugas, reopen_tugas
from services.caseload.task.models import Tugas, TugasKind, TugasView
from services.caseload.task.queries import list_tugas, to_item
from shared.access import Permission
from shared.actions import ActionView
from shared.database import vault_of
from shared.field_classes import SPESIFIK
from shared.fields import Body, Paragraph, Wilayah
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import operation
from shared.roles import STAFF

tugas = Router(tag="tugas")


class TugasItem(TugasView):
    """A task of a family.

    `held_by` is the family's pendamping today, if any. `note` is that of whoever finished it.
    """

    kode_wilayah: str
    opened_on: date
    held_by: UUID | None
    note: Annotated[str | None, SPESIFIK]
    actions: list[ActionView]


class TugasPage(ChangePage):
    """Tasks by due date."""

    items: list[TugasItem]


class TugasResult(Body):
    """An optional note about what was done."""

    note: Paragraph | None = None


@tugas.get("/tugas", response_model=TugasPage)
@may(Permission.TUGAS_READ)
async def list_tasks(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("due_on")],
    open_only: Annotated[bool, Query()] = True,
    kind: Annotated[TugasKind | None, Query()] = None,
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List tasks of the families that a pendamping accompanies today, or of an official's areas."""
    filters = {"kind": kind, "kode_wilayah": kode_wilayah, "kpm_id": kpm_id}
    statement = await list_tugas(session, actor, open_only=open_only, **filters)
    shape = partial(to_item, vault_of(session), actor)
    return await paging.answer(
        session, days.limit(statement, Tugas.due_on), (Tugas.due_on, Tugas.tugas_id), shape=shape
    )


@tugas.post("/tugas/{tugas_id}/done")
@may(Permission.TUGAS_FINISH, key_required=True, undo=operation("reopen_task", STAFF))
async def finish_task(tugas_id: UUID, body: TugasResult, session: Session, actor: CurrentActor) -> TugasView:
    """Mark a task as done."""
    return await finish_tugas(session, actor, tugas_id, body.note)


@tugas.post("/tugas/{tugas_id}/reopen")
@may(Permission.TUGAS_FINISH, key_required=True, undo=operation("finish_task", STAFF))
async def reopen_task(tugas_id: UUID, session: Session, actor: CurrentActor) -> TugasView:
    """Open a task again that was marked as done in error."""
    return await reopen_tugas(session, actor, tugas_id)
