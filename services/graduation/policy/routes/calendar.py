from datetime import date
from typing import Annotated, Self

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field, StrictInt, model_validator
from starlette.responses import Response

from services.graduation.policy import commands
from services.graduation.policy.models.calendar import TahapCalendar
from shared.access import Permission
from shared.errors import BadValue
from shared.fields import Body, Day, View
from shared.http import Paging, Router, Session, may

router = Router(tag="policy")


class Tahap(Body):
    """A payment stage: its start, and until when an exit still makes it."""

    year: Annotated[StrictInt, Field(ge=2020, le=2100, examples=[2028])]
    number: Annotated[StrictInt, Field(ge=1, le=4, examples=[1])]
    starts_on: Day
    cutoff_on: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.cutoff_on >= self.starts_on:
            raise BadValue("The cut-off lies before the start.", "Batas waktu harus sebelum tanggal mulai.")
        return self


class TahapView(View):
    """A tahap of the calendar."""

    year: int
    number: int
    starts_on: date
    cutoff_on: date


class TahapPage(View):
    """A page of the calendar, in order."""

    items: list[TahapView]
    next: str | None


@router.get("/tahap-calendar", response_model=TahapPage)
@may(Permission.POLICY_READ)
async def list_tahap_calendar(
    session: Session, paging: Paging, year: Annotated[int | None, Query(ge=2000, le=2100)] = None
) -> Response:
    """List the calendar of payment."""
    columns = (TahapCalendar.year, TahapCalendar.number, TahapCalendar.starts_on, TahapCalendar.cutoff_on)
    statement = sa.select(*columns).where(sa.true() if year is None else TahapCalendar.year == year)
    return await paging.answer(session, statement, columns[:2])


@router.post("/tahap-calendar", status_code=201, response_model=TahapView)
@may(Permission.TAHAP_CALENDAR_SET, key_required=True)
async def set_tahap(body: Tahap, session: Session) -> TahapCalendar:
    """Plan a tahap, or move one that is planned."""
    return await commands.set_tahap(session, body.year, body.number, body.starts_on, body.cutoff_on)
