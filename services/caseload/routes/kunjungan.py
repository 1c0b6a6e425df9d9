"""Home visits: handed in, and read again by who made them, whoever accompanies the family since."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.commands.kunjungan import record_kunjungan
from services.caseload.models import Kunjungan, KunjunganPurpose
from services.caseload.queries.kunjungan import list_kunjungan, read_kunjungan
from services.caseload.routes.shapes import Body, Day, Sentence, View
from shared.access import Permission
from shared.http import Caller, Paging, Router, Session, may

kunjungan = Router(tag="kunjungan")


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


class KunjunganDetail(KunjunganView):
    """A home visit with what was found and what comes next."""

    findings: str
    next_action: str | None


class KunjunganPage(View):
    """Visits in the order in which they were recorded."""

    items: list[KunjunganView]
    next: str | None


@kunjungan.post("/kunjungan", status_code=201)
@may(Permission.KUNJUNGAN_RECORD)
async def record_visit(body: KunjunganReport, session: Session, caller: Caller) -> KunjunganView:
    """Hand in a home visit to a family that one accompanied on that day."""
    return KunjunganView.model_validate(await record_kunjungan(session, caller, **body.model_dump()))


@kunjungan.get("/kunjungan", response_model=KunjunganPage)
@may(Permission.KUNJUNGAN_READ)
async def list_visits(
    session: Session,
    caller: Caller,
    paging: Paging,
    pendamping_id: Annotated[UUID | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Visits: a pendamping's own, also to families that have left; of a family, all; officials' by area."""
    statement = await list_kunjungan(session, caller, pendamping_id, kpm_id)
    return await paging.answer(session, statement, (Kunjungan.kunjungan_id,))


@kunjungan.get("/kunjungan/{kunjungan_id}")
@may(Permission.KUNJUNGAN_READ)
async def read_visit(kunjungan_id: UUID, session: Session, caller: Caller) -> KunjunganDetail:
    """One visit with its findings: to who made it, to who accompanies the family today, to the area's officials."""
    return KunjunganDetail.model_validate(await read_kunjungan(session, caller, kunjungan_id))
