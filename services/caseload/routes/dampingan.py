"""Dampingan and home visits."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.commands.dampingan import assign_dampingan, told
from services.caseload.commands.kunjungan import record_kunjungan
from services.caseload.models import Dampingan, KunjunganPurpose
from services.caseload.queries.dampingan import list_of
from services.caseload.routes.families import DampinganView
from services.caseload.routes.shapes import Body, Day, Sentence, View
from shared.access import Permission
from shared.http import Caller, Paging, Router, Session, may

dampingan = Router(tag="dampingan")
kunjungan = Router(tag="kunjungan")


class DampinganAssignment(Body):
    """Which family, under which placement, from which day."""

    kpm_id: UUID
    penugasan_id: UUID
    valid_from: Day


class DampinganPage(View):
    """Dampingan in the order of their ids."""

    items: list[DampinganView]
    next: str | None


class KunjunganReport(Body):
    """A home visit: the day, what for, what was found, what comes next."""

    kpm_id: UUID
    visited_on: Day
    purpose: KunjunganPurpose
    findings: Sentence
    next_action: Sentence | None = None


class KunjunganView(View):
    """A home visit as recorded; its findings stay sealed."""

    kunjungan_id: UUID
    kpm_id: UUID
    pendamping_id: UUID
    penugasan_id: UUID
    purpose: KunjunganPurpose
    visited_on: date


@dampingan.post("/dampingan", status_code=201)
@may(Permission.DAMPINGAN_ASSIGN, key_required=True)
async def assign_kpm(body: DampinganAssignment, session: Session, caller: Caller) -> DampinganView:
    """Put a family under a pendamping; refused above the limit of policy."""
    assigned = await assign_dampingan(session, caller, **body.model_dump())
    return DampinganView.model_validate({**told(assigned, ""), "version": assigned.version})


@dampingan.get("/dampingan", response_model=DampinganPage)
@may(Permission.KPM_READ)
async def list_dampingan(
    session: Session,
    caller: Caller,
    paging: Paging,
    pendamping_id: Annotated[UUID | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Who accompanies whom, ended ones too: a pendamping's own, officials' by area."""
    statement = list_of(caller, pendamping_id, kpm_id)
    return await paging.answer(session, statement, (Dampingan.dampingan_id,))


@kunjungan.post("/kunjungan", status_code=201)
@may(Permission.KUNJUNGAN_RECORD)
async def record_visit(body: KunjunganReport, session: Session, caller: Caller) -> KunjunganView:
    """Hand in a home visit to a family that one accompanied on that day."""
    return KunjunganView.model_validate(await record_kunjungan(session, caller, **body.model_dump()))
