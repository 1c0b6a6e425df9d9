from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.registry.pendamping import queries
from services.registry.pendamping.commands import change_contact, change_status, load_own, register_pendamping
from services.registry.pendamping.models import (
    Name,
    Pendamping,
    PendampingFacts,
    Phone,
    RegistrationTerms,
    StatusHeld,
    StatusTerms,
)
from services.registry.placement.models import PenugasanView, RangeHeld, WilayahTugasView
from shared.access import Permission
from shared.contracts.kinds import PendampingStatus, PilarKind
from shared.database import vault_of
from shared.fields import KNOWN, Body, Code, Day, Wilayah
from shared.http import CurrentActor, IfMatch, Paging, Router, Session, expect_version, may
from shared.privacy import MaskedNumber, Nik

router = Router(tag="pendamping")


class Registration(RegistrationTerms, Body):
    """A person with a NIK, or an organisation without. `from_on`: since when a candidate; today unless said."""


class LookUp(Body):
    """A NIK, in the body because addresses are logged."""

    nik: Nik = Field(examples=["3324075211879001"])


class StatusChange(StatusTerms, Body):
    """A status from a date (today unless said, never ahead), for a reason that is a code because it travels."""

    from_on: Day | None = None


class ContactChange(Body):
    """Another name, another phone, or both; what is not said stays. The reason is a code."""

    name: Name | None = None
    phone: Phone | None = None
    reason: Code


class PendampingItem(PendampingFacts):
    """A pendamping in a list."""

    nik: MaskedNumber | None
    name: str


class PendampingView(PendampingItem):
    """A pendamping, with the NIK masked."""

    phone: str | None


class PendampingPage(BaseModel):
    """A page of pendamping, by number."""

    items: list[PendampingItem]
    next: str | None


class PlacedView(PenugasanView):
    """A placement with the areas that it covers."""

    wilayah_tugas: list[WilayahTugasView]


class PendampingFileView(PendampingView):
    """A pendamping with placements and histories, oldest first."""

    penugasan: list[PlacedView]
    status_history: list[StatusHeld]
    range_history: list[RangeHeld]


@router.post("/pendamping", status_code=201)
@may(Permission.PENDAMPING_REGISTER, key_required=True)
async def register(body: Registration, session: Session, actor: CurrentActor) -> PendampingView:
    """Register a pendamping as CALON; the number given says nothing about the person."""
    row = await register_pendamping(session, actor, body)
    return await view_of(session, actor, row)


@router.get("/pendamping", response_model=PendampingPage)
@may(Permission.PENDAMPING_READ)
async def list_pendamping(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    status: Annotated[Annotated[PendampingStatus, KNOWN] | None, Query()] = None,
    kind: Annotated[
        Annotated[PilarKind, KNOWN] | None, Query(description="Who serves as this kind today")
    ] = None,
    kode_wilayah: Annotated[Wilayah | None, Query(description="Who is placed here or below today")] = None,
) -> Response:
    """List those whom the caller may see, by number."""
    wanted = await queries.pendamping_list(
        session, actor, status=status, kind=kind, kode_wilayah=kode_wilayah
    )
    vault = vault_of(session)
    return await paging.answer(
        session, wanted, (Pendamping.__table__.c.pendamping_no,), shape=lambda row: queries.listed(vault, row)
    )


@router.get("/pendamping/{pendamping_id}")
@may(Permission.PENDAMPING_READ)
async def read_pendamping(pendamping_id: UUID, session: Session, actor: CurrentActor) -> PendampingFileView:
    """Show one pendamping with placements, areas and histories."""
    return PendampingFileView(**await queries.read_file(session, actor, pendamping_id))


@router.post("/pendamping/look-up")
@may(Permission.PENDAMPING_READ)
async def find_pendamping(body: LookUp, session: Session, actor: CurrentActor) -> PendampingView:
    """Find a pendamping by NIK."""
    return PendampingView(**await queries.look_up_pendamping(session, actor, body.nik))


@router.post("/pendamping/{pendamping_id}/status", status_code=201)
@may(Permission.PENDAMPING_CHANGE_STATUS, key_required=True)
async def set_status(
    pendamping_id: UUID, body: StatusChange, session: Session, actor: CurrentActor
) -> PendampingView:
    """Let a status hold; an end also ends every placement."""
    return await view_of(session, actor, await change_status(session, actor, pendamping_id, **dict(body)))


@router.post("/pendamping/{pendamping_id}/contact", status_code=201)
@may(Permission.PENDAMPING_UPDATE, key_required=True)
async def set_contact(
    pendamping_id: UUID, body: ContactChange, session: Session, actor: CurrentActor, version: IfMatch
) -> PendampingView:
    """Correct a name (the ministry) or a phone (also one's own); what was known is kept."""
    row = await load_own(session, actor, pendamping_id)
    expect_version(row, version)
    return await view_of(session, actor, await change_contact(session, actor, row, **dict(body)))


async def view_of(session: Session, actor: CurrentActor, row: Pendamping) -> PendampingView:
    """Return the row as the caller may see it, after what was changed has reached the database."""
    await session.flush()
    return PendampingView(**await queries.read_pendamping(session, actor, row.pendamping_id))
