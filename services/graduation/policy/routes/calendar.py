from typing import Annotated, Self

import sqlalchemy as sa
from fastapi import Query
from pydantic import model_validator
from starlette.responses import Response

from services.graduation.policy import commands
from services.graduation.policy.models.calendar import TahapCalendar, TahapTerms, TahapView
from shared.access import Permission
from shared.errors import BadValue
from shared.fields import Body, View
from shared.http import Paging, Router, Session, may

router = Router(tag="policy")


class Tahap(TahapTerms, Body):
    """A payment stage: its start, and until when an exit still makes it."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.cutoff_on >= self.starts_on:
            raise BadValue("The cut-off lies before the start.", "Batas waktu harus sebelum tanggal mulai.")
        return self


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
    statement = sa.select(*(getattr(TahapCalendar, name) for name in TahapView.model_fields))
    if year is not None:
        statement = statement.where(TahapCalendar.year == year)
    return await paging.answer(session, statement, (TahapCalendar.year, TahapCalendar.number))


@router.post("/tahap-calendar", status_code=201)
@may(Permission.TAHAP_CALENDAR_SET, key_required=True)
async def set_tahap(body: Tahap, session: Session) -> TahapView:
    """Plan a tahap, or move one that is planned."""
    return await commands.set_tahap(session, body)
