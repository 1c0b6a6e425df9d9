"""Routes of dampingan."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.caseload.dampingan import queries
from services.caseload.dampingan.commands.assignment import assign_dampingan
from services.caseload.dampingan.commands.ends import end_dampingan
from services.caseload.dampingan.models import Dampingan, DampinganItem, DampinganView
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Code, Day, Paragraph
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import operation
from shared.roles import DINSOS, TEAM_LEAD

dampingan = Router(tag="dampingan")


class DampinganAssignment(Body):
    """Family, placement and first day. `override_reason` allows to exceed the limit, and is stored sealed."""

    kpm_id: UUID
    penugasan_id: UUID
    valid_from: Day
    override_reason: Paragraph | None = Field(
        default=None, examples=["Belum ada pendamping lain di desa ini."]
    )


class DampinganPage(ChangePage):
    """Dampingan in the order of their ids."""

    items: list[DampinganItem]


class DampinganEnd(Body):
    """The first day without it, and a reason code, which is part of the event.

    An end on its first day cancels it.
    """

    valid_to: Day
    reason: Code = Field(examples=["PINDAH_TUGAS"])


@dampingan.post("/dampingan", status_code=201)
@may(Permission.DAMPINGAN_ASSIGN, key_required=True, undo=operation("end_accompaniment", TEAM_LEAD | DINSOS))
async def assign_kpm(body: DampinganAssignment, session: Session, actor: CurrentActor) -> DampinganView:
    """Assign a family to a placement. Above the limit it is refused without a reason."""
    return DampinganView.model_validate(await assign_dampingan(session, actor, **dict(body)))


@dampingan.post("/dampingan/{dampingan_id}/end")
@may(Permission.DAMPINGAN_END, key_required=True, undo=operation("assign_kpm", DINSOS))
async def end_accompaniment(
    dampingan_id: UUID, body: DampinganEnd, session: Session, actor: CurrentActor
) -> DampinganView:
    """End a dampingan, or cancel it if it has no work.

    Without another one the family is listed as a gap from that day on.
    """
    return DampinganView.model_validate(await end_dampingan(session, actor, dampingan_id, **dict(body)))


@dampingan.get("/dampingan", response_model=DampinganPage)
@may(Permission.KPM_READ)
async def list_dampingan(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("valid_from")],
    pendamping_id: Annotated[UUID | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
    over_limit: Annotated[bool, Query(description="Only those that started above the limit")] = False,
) -> Response:
    """List dampingan, also ended ones: a pendamping's own, an official's by area."""
    statement = queries.list_dampingan(actor, pendamping_id, kpm_id, over_limit=over_limit)
    shape = partial(queries.open_override_reason, vault_of(session))
    return await paging.answer(
        session, days.limit(statement, Dampingan.valid_from), (Dampingan.dampingan_id,), shape=shape
    )
