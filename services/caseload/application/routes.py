"""Routes of applications (usulan) for a new membership."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import StrictBool
from starlette.responses import Response

from services.caseload.application.commands import decide_usulan, lodge_usulan
from services.caseload.application.models import Usulan, UsulanItem, UsulanState, UsulanTerms, UsulanView
from services.caseload.application.queries import list_usulan, open_reasons
from shared import clock
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Day, Paragraph
from shared.http import CurrentActor, Router, Session, may
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.remedies import one_of, operation, to_call
from shared.roles import DINSOS, FIELD, VILLAGE

usulan = Router(tag="usulan")
DECIDED_AGAIN = one_of(
    to_call("lodge_application", FIELD | VILLAGE | DINSOS), to_call("void_membership", DINSOS)
)


class UsulanRequest(UsulanTerms, Body):
    """Family, bansos, ground and day of an application. The reason is stored sealed."""


class UsulanDecision(Body):
    """Accepted with a first day, or refused. The reason is stored sealed."""

    accepted: StrictBool
    valid_from: Day | None = None
    reason: Paragraph


class UsulanPage(ChangePage):
    """Applications in the order in which they were recorded."""

    items: list[UsulanItem]


@usulan.post("/usulan", status_code=201)
@may(Permission.USULAN_LODGE, key_required=True, undo=operation("decide_application", DINSOS))
async def lodge_application(body: UsulanRequest, session: Session, actor: CurrentActor) -> UsulanView:
    """Record an application of a family that has left a bansos."""
    return await lodge_usulan(session, actor, body)


@usulan.post("/usulan/{usulan_id}/decision", status_code=201)
@may(Permission.USULAN_DECIDE, key_required=True, undo=DECIDED_AGAIN)
async def decide_application(
    usulan_id: UUID, body: UsulanDecision, session: Session, actor: CurrentActor
) -> UsulanView:
    """Decide on an application of another person. If accepted, a new membership starts."""
    return await decide_usulan(session, actor, usulan_id, **dict(body))


@usulan.get("/usulan", response_model=UsulanPage)
@may(Permission.KPM_READ)
async def list_applications(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("lodged_on")],
    kpm_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[UsulanState | None, Query()] = None,
) -> Response:
    """List applications of families that the caller may read."""
    statement = list_usulan(actor, await clock.today(session), kpm_id, state)
    shape = partial(open_reasons, vault_of(session), actor)
    return await paging.answer(
        session, days.limit(statement, Usulan.lodged_on), (Usulan.usulan_id,), shape=shape
    )
