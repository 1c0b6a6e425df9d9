"""Routes of quotas, intake windows and waiting lists of a program."""

from datetime import date
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.place import queries
from services.referral.place.models import (
    IntakeTerms,
    IntakeWindow,
    IntakeWindowView,
    QuotaTerms,
    QuotaView,
    WaitingListEntry,
    WaitingListItem,
    WaitingReason,
)
from services.referral.program.models import Program
from services.referral.publication.commands import places as publication_places
from shared.access import Permission
from shared.fields import Body, View
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import MINISTRY

places = Router(tag="program-places")


class QuotaBody(QuotaTerms, Body):
    """Places for an area at any level. "*" is the country.

    They are in force until the day before `valid_to`.
    """


class QuotaPage(Page):
    """A page of quotas."""

    items: list[QuotaView]


class IntakeWindowBody(IntakeTerms, Body):
    """When applications are taken: until the day before `closes_on`.

    Without `closes_on`, until further notice.
    """


class IntakeWindowPage(Page):
    """A page of windows, by their first day."""

    items: list[IntakeWindowView]


class WaitingListPage(Page):
    """A page of the waiting list, first come first."""

    items: list[WaitingListItem]


class PlaceInLine(View):
    """Why and since when a consented offer waits, and how many wait before it.

    `ahead` counts those in the areas of the actor.
    """

    reason: WaitingReason
    since_on: date
    ahead: int


@places.post("/program/{program_id}/quota", status_code=201)
@may(Permission.PROGRAM_PUBLISH, key_required=True, undo=operation("void_version", MINISTRY))
async def set_quota(program_id: UUID, body: QuotaBody, session: Session, actor: CurrentActor) -> QuotaView:
    """Set the places of an area, for all revisions of the program.

    The waiting list is processed when they come into force.
    """
    program = await visibility.read(session, Program, program_id, "program")
    quota = await publication_places.set_quota(session, program.code, body, actor)
    return QuotaView.model_construct(**dict(quota), free=quota.free)


@places.get("/program/{program_id}/quota", response_model=QuotaPage)
@may(Permission.PROGRAM_READ)
async def list_quotas(program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the quotas of a program by area and time."""
    program = await visibility.read(session, Program, program_id, "program")
    return await paging.answer(session, queries.select_quotas(program.code), queries.QUOTA_ORDER)


@places.post("/program/{program_id}/intake", status_code=201)
@may(Permission.PROGRAM_PUBLISH, key_required=True, undo=operation("void_version", MINISTRY))
async def set_intake(
    program_id: UUID, body: IntakeWindowBody, session: Session, actor: CurrentActor
) -> IntakeWindowView:
    """Set when applications are taken.

    A window that opens on the same day gets the new end.
    """
    program = await visibility.read(session, Program, program_id, "program")
    return await publication_places.set_intake(session, program.code, body, actor)


@places.get("/program/{program_id}/intake", response_model=IntakeWindowPage)
@may(Permission.PROGRAM_READ)
async def list_intake(program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the intake windows of a program."""
    program = await visibility.read(session, Program, program_id, "program")
    statement = visibility.select_columns(IntakeWindow, list(IntakeWindowView.model_fields))
    statement = statement.where(IntakeWindow.program_code == program.code)
    return await paging.answer(session, statement, queries.INTAKE_ORDER)


@places.get("/program/{program_id}/waiting", response_model=WaitingListPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_waiting(program_id: UUID, session: Session, paging: Paging) -> Response:
    """List who waits for a place, an intake or the partner, in order.

    Each official sees the families of the own areas.
    """
    program = await visibility.read(session, Program, program_id, "program")
    statement = visibility.select_columns(WaitingListEntry, list(WaitingListItem.model_fields))
    statement = statement.where(
        WaitingListEntry.program_code == program.code, WaitingListEntry.left_on.is_(None)
    )
    return await paging.answer(session, statement, queries.WAITING_ORDER)
