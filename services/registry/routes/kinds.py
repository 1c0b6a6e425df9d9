"""The kinds of pilar sosial over time."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from services.registry.commands.kinds import end_pilar_kind, set_pilar_kind
from services.registry.models import HeldBy, PilarLevel, PilarTerms
from services.registry.queries.kinds import KIND_ORDER, kind_list
from shared.access import Permission
from shared.contracts.kinds import Ditjen, PilarKind
from shared.http import Caller, Paging, Router, Session, may
from shared.http.fields import KNOWN, Body, Code, Day

router = Router(tag="pilar-kind")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class PilarKindSetting(Body):
    """What a kind is from a day on, and which text says so; what held until then ends that day."""

    kind: Annotated[PilarKind, KNOWN] = Field(examples=["TKSK"])
    name: Text = Field(examples=["Tenaga Kesejahteraan Sosial Kecamatan"])
    ditjen: Annotated[Ditjen, KNOWN] = Field(examples=["DAYASOS"])
    level: PilarLevel = Field(examples=["KECAMATAN"])
    held_by: HeldBy = Field(examples=["PERSON"])
    source: Text = Field(examples=["Permensos 28/2018"])
    valid_from: Day


class PilarKindEnd(Body):
    """The first day without the kind, the kind that follows it, and why, as a code."""

    valid_to: Day
    successor_kind: Annotated[PilarKind, KNOWN] | None = Field(default=None, examples=["REHSOS_PENDAMPING"])
    reason: Code


class PilarKindView(BaseModel):
    """What a kind is in a time; `valid_to` is the first day outside. An ended one may name what follows it."""

    pilar_kind_id: UUID
    kind: PilarKind
    name: str
    ditjen: Ditjen
    level: PilarLevel
    held_by: HeldBy
    source: str
    successor_kind: PilarKind | None
    valid_from: date
    valid_to: date | None
    version: int


class PilarKindPage(BaseModel):
    """A page of kinds, by kind and beginning."""

    items: list[PilarKindView]
    next: str | None


@router.get("/pilar-kind", response_model=PilarKindPage)
@may(Permission.PENDAMPING_READ)
async def list_pilar_kind(
    session: Session,
    paging: Paging,
    kind: Annotated[Annotated[PilarKind, KNOWN] | None, Query()] = None,
    on: Annotated[Day | None, Query(description="What holds on this day; without it, all of history")] = None,
) -> Response:
    """List what each kind is and was, by kind and beginning."""
    statement = kind_list(list(PilarKindView.model_fields), kind, on)
    return await paging.answer(session, statement, KIND_ORDER)


@router.post("/pilar-kind", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def set_kind(body: PilarKindSetting, session: Session, caller: Caller) -> PilarKindView:
    """Set what a kind is from a day on; what it was is kept."""
    return _view(await set_pilar_kind(session, caller, **dict(body)))


@router.post("/pilar-kind/{pilar_kind_id}/end", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def end_kind(
    pilar_kind_id: UUID, body: PilarKindEnd, session: Session, caller: Caller
) -> PilarKindView:
    """End a kind that nobody serves as any more, and say which one follows."""
    return _view(await end_pilar_kind(session, caller, pilar_kind_id, **dict(body)))


def _view(row: PilarTerms) -> PilarKindView:
    return PilarKindView.model_validate(row, from_attributes=True)
