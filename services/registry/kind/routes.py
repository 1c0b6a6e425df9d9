"""The kinds of pilar sosial over time."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.registry.kind.commands import (
    end_pilar_kind,
    end_role_conflict,
    set_pilar_kind,
    set_role_conflict,
)
from services.registry.kind.models import PilarKindTerms, PilarKindView, RoleConflictTerms, RoleConflictView
from services.registry.kind.queries import CONFLICT_ORDER, KIND_ORDER, conflict_list, kind_list
from services.registry.placement.routes import RangeEnd
from shared.access import Permission
from shared.contracts.kinds import PilarKind
from shared.fields import KNOWN, Body, Code, Day
from shared.http import CurrentActor, Paging, Router, Session, may

pilar_kind = Router(tag="pilar-kind")


class PilarKindSetting(PilarKindTerms, Body):
    """What a kind is from a day on, and which text says so; what held until then ends that day."""


class PilarKindEnd(Body):
    """The first day without the kind, the kind that follows it, and why, as a code."""

    valid_to: Day
    successor_kind: Annotated[PilarKind, KNOWN] | None = Field(default=None, examples=["REHSOS_PENDAMPING"])
    reason: Code


class PilarKindPage(BaseModel):
    """A page of kinds, by kind and beginning."""

    items: list[PilarKindView]
    next: str | None


@pilar_kind.get("/pilar-kind", response_model=PilarKindPage)
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


@pilar_kind.post("/pilar-kind", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def set_kind(body: PilarKindSetting, session: Session, actor: CurrentActor) -> PilarKindView:
    """Set what a kind is from a day on; what it was is kept."""
    return await set_pilar_kind(session, actor, body)


@pilar_kind.post("/pilar-kind/{pilar_kind_id}/end", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def end_kind(
    pilar_kind_id: UUID, body: PilarKindEnd, session: Session, actor: CurrentActor
) -> PilarKindView:
    """End a kind that nobody serves as any more, and say which one follows."""
    return await end_pilar_kind(session, actor, pilar_kind_id, **dict(body))


role_conflict = Router(tag="role-conflict")


class RoleConflictSetting(RoleConflictTerms, Body):
    """A pair that may not be held together from a day on, why in both languages, and which text says so."""


class RoleConflictPage(BaseModel):
    """A page of conflicts, by when they were set."""

    items: list[RoleConflictView]
    next: str | None


@role_conflict.get("/role-conflict", response_model=RoleConflictPage)
@may(Permission.PENDAMPING_READ)
async def list_role_conflict(
    session: Session,
    paging: Paging,
    kind: Annotated[Annotated[PilarKind, KNOWN] | None, Query(description="Named first or second")] = None,
    on: Annotated[Day | None, Query(description="What holds on this day; without it, all of history")] = None,
) -> Response:
    """List which pairs of kinds may not be held together, and why."""
    statement = conflict_list(list(RoleConflictView.model_fields), kind, on)
    return await paging.answer(session, statement, CONFLICT_ORDER)


@role_conflict.post("/role-conflict", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def set_conflict(body: RoleConflictSetting, session: Session, actor: CurrentActor) -> RoleConflictView:
    """Forbid a pair of kinds from a day on."""
    return await set_role_conflict(session, actor, body)


@role_conflict.post("/role-conflict/{role_conflict_id}/end", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def end_conflict(
    role_conflict_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> RoleConflictView:
    """Let a pair be held together again from a day on."""
    return await end_role_conflict(session, actor, role_conflict_id, **dict(body))
