from typing import Annotated, Self

import sqlalchemy as sa
from fastapi import Query
from pydantic import model_validator
from starlette.responses import Response

from services.graduation.policy import commands, queries
from services.graduation.policy.models.calendar import TahapCalendar, TahapTerms, TahapView
from shared.access import Permission
from shared.errors import BadValue
from shared.fields import Body, View
from shared.http import Paging, Router, Session, may
from shared.http.jobs import Sentences

router = Router(tag="policy")


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
        return self


class TahapPage(View):
    """A page of the tahap calendar, by year and number.

    `ahead` counts the tahap whose cut-off has not passed. `warning` is set while only two or fewer are left.
    """

    items: list[TahapView]
    next: str | None
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
@may(Permission.TAHAP_CALENDAR_SET, key_required=True)
async def set_tahap(body: Tahap, session: Session) -> TahapView:
    """Add a tahap to the calendar, or move a planned one."""
    return await commands.set_tahap(session, body)
