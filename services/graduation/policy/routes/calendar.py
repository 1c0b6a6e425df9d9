from typing import Annotated, Self

import sqlalchemy as sa
from fastapi import Query
from pydantic import StrictInt, model_validator
from starlette.responses import Response

from services.graduation.policy import queries
from services.graduation.policy.commands import calendar
from services.graduation.policy.models.calendar import TahapCalendar, TahapTerms, TahapView
from services.graduation.term.commands import move_tahap
from shared.access import Permission
from shared.errors import BadValue
from shared.fields import Body, Sentences
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import one_of, operation, to_call
from shared.roles import MINISTRY

router = Router(tag="policy")
# Until its cut-off a tahap is moved or removed. Then payments were decided by its dates.
SET = one_of(to_call("set_tahap", MINISTRY), to_call("remove_tahap", MINISTRY))


class Tahap(TahapTerms, Body):
    """A payment stage: its start and its cut-off.

    An exit settled by the cut-off takes effect at the start.
    """

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.cutoff_on >= self.starts_on:
            raise BadValue(
                "The cut-off must be before the start.", "Batas waktu harus sebelum tanggal mulai."
            )
        if self.starts_on.year != self.year:
            raise BadValue(
                "A tahap starts in its year. Correct the year or the start.",
                "Tahap dimulai pada tahunnya. Perbaiki tahun atau tanggal mulainya.",
            )
        return self


class TahapKey(Body):
    """The year and number of a tahap."""

    year: StrictInt
    number: StrictInt


class TahapPage(Page):
    """A page of the tahap calendar, by year and number.

    `ahead` counts the tahap whose cut-off has not passed. `warning` is set while only two or fewer are left.
    """

    items: list[TahapView]
    ahead: int
    warning: Sentences | None


@router.get("/tahap-calendar", response_model=TahapPage)
@may(Permission.POLICY_READ)
async def list_tahap_calendar(
    session: Session, paging: Paging, year: Annotated[int | None, Query(ge=2000, le=2100)] = None
) -> Response:
    """List the tahap calendar."""
    statement = sa.select(*(getattr(TahapCalendar, name) for name in TahapView.model_fields))
    if year is not None:
        statement = statement.where(TahapCalendar.year == year)
    order = (TahapCalendar.year, TahapCalendar.number)
    return await paging.answer(session, statement, order, more=await queries.read_tahap_ahead(session))


@router.post("/tahap-calendar", status_code=201)
@may(Permission.TAHAP_CALENDAR_SET, key_required=True, undo=SET)
async def set_tahap(body: Tahap, session: Session, actor: CurrentActor) -> TahapView:
    """Add a tahap to the calendar, or move a planned one.

    Exits that are settled for it move with it.
    """
    return await move_tahap(session, actor, body)


@router.post("/tahap-calendar/removal")
@may(Permission.TAHAP_CALENDAR_SET, key_required=True, undo=operation("set_tahap", MINISTRY))
async def remove_tahap(body: TahapKey, session: Session) -> TahapView:
    """Remove the last tahap of the calendar, if no exit is planned for it."""
    return await calendar.remove_tahap(session, body.year, body.number)
