"""Routes of kinds of pilar sosial and of conflicts between kinds."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.registry.kind.commands import (
    end_pilar_kind,
    end_role_conflict,
    set_pilar_kind,
    set_role_conflict,
)
from services.registry.kind.models import PilarKindTerms, PilarKindView, RoleConflictTerms, RoleConflictView
from services.registry.kind.queries import CONFLICT_ORDER, KIND_ORDER, select_conflicts, select_kinds
from shared.access import Permission
from shared.contracts.kinds import PilarKind
from shared.fields import KNOWN, Body, Code, Day, RangeEnd
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import one_of, operation, to_call
from shared.roles import MINISTRY

pilar_kind = Router(tag="pilar-kind")


class PilarKindSetting(PilarKindTerms, Body):
    """The properties of a kind from a day on.

    The previous version ends on that day.
    """


class PilarKindEnd(Body):
    """The first day without the kind, its successor, and the reason as a code."""

    valid_to: Day
    successor_kind: Annotated[PilarKind, KNOWN] | None = Field(default=None, examples=["REHSOS_PENDAMPING"])
    reason: Code


class PilarKindPage(Page):
    """A page of kind versions, ordered by kind and first day."""

    items: list[PilarKindView]


@pilar_kind.get("/pilar-kind", response_model=PilarKindPage)
@may(Permission.PENDAMPING_READ)
async def list_pilar_kind(
    session: Session,
    paging: Paging,
    kind: Annotated[Annotated[PilarKind, KNOWN] | None, Query()] = None,
    on: Annotated[
        Day | None, Query(description="Only what is in force on this day; without it, all history")
    ] = None,
) -> Response:
    """List the versions of all kinds, ordered by kind and first day."""
    statement = select_kinds(list(PilarKindView.model_fields), kind, on)
    return await paging.answer(session, statement, KIND_ORDER)


@pilar_kind.post("/pilar-kind", status_code=201)
@may(
    Permission.FRAMEWORK_SET,
    key_required=True,
    undo=one_of(to_call("set_kind", MINISTRY), to_call("end_kind", MINISTRY)),
)
async def set_kind(body: PilarKindSetting, session: Session, actor: CurrentActor) -> PilarKindView:
    """Set the properties of a kind from a day on. The earlier version is stored.

    A version of the same day, or one that has not begun, is replaced.
    """
    return await set_pilar_kind(session, actor, body)


@pilar_kind.post("/pilar-kind/{pilar_kind_id}/end", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True, undo=operation("set_kind", MINISTRY))
async def end_kind(
    pilar_kind_id: UUID, body: PilarKindEnd, session: Session, actor: CurrentActor
) -> PilarKindView:
    """End a kind that has no placements after that day, and name its successor.

    A version that was set in error ends on its first day. The successor can be corrected.
    """
    return await end_pilar_kind(session, actor, pilar_kind_id, **dict(body))


role_conflict = Router(tag="role-conflict")


class RoleConflictSetting(RoleConflictTerms, Body):
    """A pair of kinds that is forbidden from a day on, with reasons and source."""


class RoleConflictPage(Page):
    """A page of conflicts, oldest first."""

    items: list[RoleConflictView]


@role_conflict.get("/role-conflict", response_model=RoleConflictPage)
@may(Permission.PENDAMPING_READ)
async def list_role_conflict(
    session: Session,
    paging: Paging,
    kind: Annotated[
        Annotated[PilarKind, KNOWN] | None, Query(description="As the first or the second kind")
    ] = None,
    on: Annotated[
        Day | None, Query(description="Only what is in force on this day; without it, all history")
    ] = None,
) -> Response:
    """List the pairs of kinds that one person may not hold together."""
    statement = select_conflicts(list(RoleConflictView.model_fields), kind, on)
    return await paging.answer(session, statement, CONFLICT_ORDER)


@role_conflict.post("/role-conflict", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True, undo=operation("end_conflict", MINISTRY))
async def set_conflict(body: RoleConflictSetting, session: Session, actor: CurrentActor) -> RoleConflictView:
    """Forbid a pair of kinds from a day on."""
    return await set_role_conflict(session, actor, body)


@role_conflict.post("/role-conflict/{role_conflict_id}/end", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True, undo=operation("set_conflict", MINISTRY))
async def end_conflict(
    role_conflict_id: UUID, body: RangeEnd, session: Session, actor: CurrentActor
) -> RoleConflictView:
    """Allow a pair of kinds again from a day on.

    A rule that was set in error ends on its first day.
    """
    return await end_role_conflict(session, actor, role_conflict_id, **dict(body))
