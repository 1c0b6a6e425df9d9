"""Family-capacity sessions (P2K2): what there is to teach, what was held, who came."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.caseload.commands.p2k2 import record_p2k2
from services.caseload.models import P2k2Sesi, Presence
from services.caseload.queries.p2k2 import list_p2k2, materi_on, read_p2k2
from services.caseload.routes.shapes import Body, View
from shared.access import Permission
from shared.http import Caller, Paging, Router, Session, may
from shared.http.fields import Day, Wilayah

p2k2 = Router(tag="p2k2")

Number = Annotated[int, Field(ge=1, le=99, strict=True, examples=[2])]


class Answer(Body):
    """A family's answer to the invitation."""

    kpm_id: UUID
    presence: Presence


class P2k2Report(Body):
    """A session that was held: where, when, what, for which group, and how each invited family answered."""

    penugasan_id: UUID
    kode_wilayah: Wilayah
    held_on: Day
    module: Number
    session: Number
    kelompok: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S", examples=["Melati 3"])]
    attendance: Annotated[list[Answer], Field(min_length=1, max_length=100)]


class P2k2View(View):
    """A session as it was held."""

    p2k2_sesi_id: UUID
    penugasan_id: UUID
    pendamping_id: UUID
    kode_wilayah: str
    held_on: date
    module: int
    session: int
    kelompok: str
    invited: int
    attended: int


class AnswerView(View):
    kpm_id: UUID
    presence: Presence


class P2k2Detail(P2k2View):
    """A session with its attendance."""

    attendance: list[AnswerView]


class P2k2Page(View):
    """Sessions in the order in which they were recorded."""

    items: list[P2k2View]
    next: str | None


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
    """What there is to teach on a day."""

    on: date
    modules: list[ModulItem]


@p2k2.post("/p2k2", status_code=201)
@may(Permission.P2K2_RECORD)
async def record_session(body: P2k2Report, session: Session, caller: Caller) -> P2k2View:
    """Hand in a session that one held for families of one's own."""
    said = body.model_dump(exclude={"attendance", "session"})
    said["number"], said["attendance"] = body.session, [(one.kpm_id, one.presence) for one in body.attendance]
    return P2k2View.model_validate(await record_p2k2(session, caller, **said))


@p2k2.get("/p2k2", response_model=P2k2Page)
@may(Permission.P2K2_READ)
async def list_sessions(
    session: Session, caller: Caller, paging: Paging, pendamping_id: Annotated[UUID | None, Query()] = None
) -> Response:
    """Sessions: a pendamping's own, also of families that have left; officials' by area."""
    return await paging.answer(session, list_p2k2(caller, pendamping_id), (P2k2Sesi.p2k2_sesi_id,))


@p2k2.get("/p2k2/{p2k2_sesi_id}")
@may(Permission.P2K2_READ)
async def read_session(p2k2_sesi_id: UUID, session: Session, caller: Caller) -> P2k2Detail:
    """One session with its attendance."""
    return P2k2Detail.model_validate(await read_p2k2(session, caller, p2k2_sesi_id))


@p2k2.get("/p2k2-materi")
@may(Permission.P2K2_READ)
async def read_materi(session: Session, on: Annotated[Day | None, Query()] = None) -> MateriView:
    """Modules and sessions in force on a day; today without one."""
    return MateriView.model_validate(await materi_on(session, on))
