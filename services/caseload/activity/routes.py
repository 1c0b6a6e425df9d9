"""Routes of home visits and P2K2 sessions."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.caseload.activity.commands import record_kunjungan, record_p2k2, void_kunjungan, void_p2k2
from services.caseload.activity.models import (
    AnswerView,
    Kunjungan,
    KunjunganTerms,
    KunjunganView,
    P2k2Sesi,
    P2k2Terms,
    P2k2View,
)
from services.caseload.activity.queries import (
    list_kunjungan,
    list_p2k2,
    read_kunjungan,
    read_materi_on,
    read_p2k2,
)
from shared.access import Permission
from shared.field_classes import SPESIFIK
from shared.fields import Body, Day, View, Voiding
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import operation
from shared.roles import FIELD, TEAM_LEAD

kunjungan = Router(tag="kunjungan")


class KunjunganReport(KunjunganTerms, Body):
    """A home visit: day, purpose, findings and next action."""


class KunjunganItem(KunjunganView):
    """A home visit, flagged if its author was not AKTIF on that day."""

    flagged: bool


class KunjunganDetail(KunjunganItem):
    """A home visit with its findings and next action."""

    findings: Annotated[str, SPESIFIK]
    next_action: Annotated[str | None, SPESIFIK]


class KunjunganPage(ChangePage):
    """Visits in the order in which they were recorded."""

    items: list[KunjunganItem]


@kunjungan.post("/kunjungan", status_code=201)
@may(Permission.KUNJUNGAN_RECORD, author_reads=True, undo=operation("void_visit", FIELD | TEAM_LEAD))
async def record_visit(body: KunjunganReport, session: Session, actor: CurrentActor) -> KunjunganView:
    """Record a home visit to a family that the caller accompanied on that day."""
    return await record_kunjungan(session, actor, body)


@kunjungan.get("/kunjungan", response_model=KunjunganPage)
@may(Permission.KUNJUNGAN_READ)
async def list_visits(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("visited_on")],
    pendamping_id: Annotated[UUID | None, Query()] = None,
    kpm_id: Annotated[UUID | None, Query()] = None,
    flagged: Annotated[
        bool, Query(description="Only visits of days on which the author was not AKTIF")
    ] = False,
) -> Response:
    """List home visits.

    A pendamping sees their own visits, and all visits to a family that they accompany. An official sees those in
    their areas.
    """
    statement = await list_kunjungan(session, actor, pendamping_id, kpm_id, flagged=flagged)
    return await paging.answer(
        session, days.limit(statement, Kunjungan.visited_on), (Kunjungan.kunjungan_id,)
    )


@kunjungan.get("/kunjungan/{kunjungan_id}")
@may(Permission.KUNJUNGAN_READ)
async def read_visit(kunjungan_id: UUID, session: Session, actor: CurrentActor) -> KunjunganDetail:
    """Read a visit with its findings.

    Its author, the family's pendamping of today and the officials of the area may read it.
    """
    return KunjunganDetail.model_construct(**await read_kunjungan(session, actor, kunjungan_id))


@kunjungan.post("/kunjungan/{kunjungan_id}/void")
@may(Permission.KUNJUNGAN_VOID, key_required=True, author_reads=True, undo=operation("record_visit", FIELD))
async def void_visit(
    kunjungan_id: UUID, body: Voiding, session: Session, actor: CurrentActor
) -> KunjunganView:
    """Void a wrong visit. Its author may, and the ketua tim of the area.

    It stays readable and counts nowhere. The right visit of that day can be recorded.
    """
    return await void_kunjungan(session, actor, kunjungan_id, reason=body.reason)


p2k2 = Router(tag="p2k2")


class Answer(AnswerView, Body):
    """Attendance of an invited family."""


class P2k2Report(P2k2Terms, Body):
    """A P2K2 session with the attendance of each invited family."""

    attendance: Annotated[list[Answer], Field(min_length=1, max_length=100)]


class P2k2Item(P2k2View):
    """A session, flagged if its author was not AKTIF on that day."""

    flagged: bool


class P2k2Detail(P2k2Item):
    """A session with its attendance."""

    attendance: list[AnswerView]


class P2k2Page(ChangePage):
    """Sessions in the order in which they were recorded."""

    items: list[P2k2Item]


class MateriItem(View):
    """One session of a module."""

    session: int
    name: str


class ModulItem(View):
    """A module and its sessions."""

    module: int
    name: str
    sessions: list[MateriItem]


class MateriView(View):
    """Modules and sessions in force on a day."""

    on: date
    modules: list[ModulItem]


@p2k2.post("/p2k2", status_code=201)
@may(Permission.P2K2_RECORD, author_reads=True, undo=operation("void_session", FIELD | TEAM_LEAD))
async def record_session(body: P2k2Report, session: Session, actor: CurrentActor) -> P2k2View:
    """Record a session that the caller held for their families of that day."""
    return await record_p2k2(session, actor, body, body.attendance)


@p2k2.get("/p2k2", response_model=P2k2Page)
@may(Permission.P2K2_READ)
async def list_sessions(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("held_on")],
    pendamping_id: Annotated[UUID | None, Query()] = None,
    flagged: Annotated[
        bool, Query(description="Only sessions of days on which the author was not AKTIF")
    ] = False,
) -> Response:
    """List sessions: a pendamping's own, an official's by area."""
    return await paging.answer(
        session,
        days.limit(list_p2k2(actor, pendamping_id, flagged=flagged), P2k2Sesi.held_on),
        (P2k2Sesi.p2k2_sesi_id,),
    )


@p2k2.get("/p2k2/{p2k2_sesi_id}")
@may(Permission.P2K2_READ)
async def read_session(p2k2_sesi_id: UUID, session: Session, actor: CurrentActor) -> P2k2Detail:
    """Read a session with its attendance."""
    return P2k2Detail.model_construct(**await read_p2k2(session, actor, p2k2_sesi_id))


@p2k2.post("/p2k2/{p2k2_sesi_id}/void")
@may(Permission.P2K2_VOID, key_required=True, author_reads=True, undo=operation("record_session", FIELD))
async def void_session(p2k2_sesi_id: UUID, body: Voiding, session: Session, actor: CurrentActor) -> P2k2View:
    """Void a wrong session. Its author may, and the ketua tim of the area.

    It stays readable, and its attendance does not count.
    """
    return await void_p2k2(session, actor, p2k2_sesi_id, reason=body.reason)


@p2k2.get("/p2k2-materi")
@may(Permission.P2K2_READ)
async def read_materi(session: Session, on: Annotated[Day | None, Query()] = None) -> MateriView:
    """List modules and sessions in force on a day, by default today."""
    return MateriView.model_validate(await read_materi_on(session, on))
