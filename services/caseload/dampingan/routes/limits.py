"""Routes of the caseload limits."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.caseload.dampingan.commands.limits import set_dampingan_limit
from services.caseload.dampingan.models import DampinganLimitItem, DampinganLimitTerms
from services.caseload.dampingan.queries import LIMIT_ORDER, list_limits
from shared.access import Permission
from shared.contracts.kinds import PilarKind
from shared.fields import KNOWN, Body, Day
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import CORRECT_REQUEST

limits = Router(tag="dampingan-limit")


class DampinganLimitSetting(DampinganLimitTerms, Body):
    """Limits of a kind in families, from a day on.

    `basis` names the regulation or letter.
    """


class DampinganLimitPage(Page):
    """Versions by kind, oldest first."""

    items: list[DampinganLimitItem]


@limits.get("/dampingan-limit", response_model=DampinganLimitPage)
@may(Permission.DAMPINGAN_LIMIT_READ)
async def list_dampingan_limit(
    session: Session,
    paging: Paging,
    kind: Annotated[Annotated[PilarKind, KNOWN] | None, Query()] = None,
    on: Annotated[
        Day | None, Query(description="Only versions in force on this day; without it, all versions")
    ] = None,
) -> Response:
    """List all versions of the caseload limits: past, in force and future."""
    return await paging.answer(session, list_limits(kind, on), LIMIT_ORDER)


@limits.post("/dampingan-limit", status_code=201)
@may(Permission.DAMPINGAN_LIMIT_SET, key_required=True, undo=CORRECT_REQUEST)
async def set_limit(body: DampinganLimitSetting, session: Session, actor: CurrentActor) -> DampinganLimitItem:
    """Set the next version of a kind's limits, from today or a later day on."""
    return DampinganLimitItem.model_validate(await set_dampingan_limit(session, actor, body))
