"""Quotas, intake windows and waiting lists of a program over HTTP."""

from datetime import date
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.place import queries
from services.referral.place.models import (
    IntakeTerms,
    IntakeView,
    IntakeWindow,
    QuotaTerms,
    QuotaView,
    Waiting,
    WaitingItem,
    WaitingReason,
)
from services.referral.program.models import Program
from services.referral.publication.commands import places as publication_places
from services.referral.visibility import require_official
from shared.access import Permission
from shared.fields import Body, View
from shared.http import CurrentActor, Paging, Router, Session, may

places = Router(tag="program-places")


class QuotaBody(QuotaTerms, Body):
    """Places for an area at any level; "*" is the country. It holds to the day before `valid_to`."""


class QuotaPage(View):
    """A page of quotas."""

    items: list[QuotaView]
    next: str | None


class IntakeBody(IntakeTerms, Body):
    """When applications are taken: to the day before `closes_on`; without it, until further notice."""


class IntakePage(View):
    """A page of windows, by their first day."""

    items: list[IntakeView]
    next: str | None


class WaitingPage(View):
    """A page of the waiting list, first come first."""

    items: list[WaitingItem]
    next: str | None


class PlaceInLine(View):
    """Why and since when a consented offer waits, and how many of the caller's areas are before it."""

    reason: WaitingReason
    since_on: date
    ahead: int


@places.post("/program/{program_id}/quota", status_code=201)
@may(Permission.PROGRAM_PUBLISH, key_required=True)
async def set_quota(program_id: UUID, body: QuotaBody, session: Session, actor: CurrentActor) -> QuotaView:
    """Set the places of an area, for all revisions of the program; whoever waits is looked at when it holds."""
    program = await visibility.read(session, Program, program_id, "program")
    quota = await publication_places.set_quota(session, program.code, body, actor)
    return QuotaView.model_construct(**dict(quota), free=quota.free)


@places.get("/program/{program_id}/quota", response_model=QuotaPage)
@may(Permission.PROGRAM_READ)
async def list_quotas(program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the quotas of a program by area and time, with what is taken and free."""
    program = await visibility.read(session, Program, program_id, "program")
    return await paging.answer(session, queries.quota_list(program.code), queries.QUOTA_ORDER)


@places.post("/program/{program_id}/intake", status_code=201)
@may(Permission.PROGRAM_PUBLISH, key_required=True)
async def set_intake(program_id: UUID, body: IntakeBody, session: Session, actor: CurrentActor) -> IntakeView:
    """Say when applications are taken; a window that opens on the same day is closed anew."""
    program = await visibility.read(session, Program, program_id, "program")
    return await publication_places.set_intake(session, program.code, body, actor)


@places.get("/program/{program_id}/intake", response_model=IntakePage)
@may(Permission.PROGRAM_READ)
async def list_intake(program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the windows of intake of a program."""
    program = await visibility.read(session, Program, program_id, "program")
    statement = visibility.columns_of(IntakeWindow, list(IntakeView.model_fields))
    mine = statement.where(IntakeWindow.program_code == program.code)
    return await paging.answer(session, mine, queries.INTAKE_ORDER)


@places.get("/program/{program_id}/waiting", response_model=WaitingPage)
@may(Permission.RUJUKAN_READ)
async def list_waiting(program_id: UUID, session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """List who waits for a place, an intake or the partner, in order; each sees the families of its own areas."""
    require_official(actor)
    program = await visibility.read(session, Program, program_id, "program")
    statement = visibility.columns_of(Waiting, list(WaitingItem.model_fields))
    mine = statement.where(Waiting.program_code == program.code, Waiting.left_on.is_(None))
    return await paging.answer(session, mine, queries.WAITING_ORDER)
