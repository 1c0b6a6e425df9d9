"""Which two kinds one person may not hold in the same time."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.registry.commands.conflicts import end_role_conflict, set_role_conflict
from services.registry.models import RoleConflict
from services.registry.queries.kinds import CONFLICT_ORDER, conflict_list
from services.registry.routes.kinds import Text
from services.registry.routes.placement import RangeEnd
from shared.access import Permission
from shared.contracts.kinds import PilarKind
from shared.http import Caller, Paging, Router, Session, may
from shared.http.fields import KNOWN, Body, Day

router = Router(tag="role-conflict")


class RoleConflictSetting(Body):
    """A pair that may not be held together from a day on, why in both languages, and which text says so."""

    kind: Annotated[PilarKind, KNOWN] = Field(examples=["TKSK"])
    other_kind: Annotated[PilarKind, KNOWN] = Field(examples=["PUSKESOS_PETUGAS"])
    paid_only: bool = Field(strict=True, description="Only where both are paid", examples=[True])
    reason_en: Text = Field(examples=["a TKSK holds no second paid post"])
    reason_id: Text = Field(examples=["TKSK tidak boleh merangkap pekerjaan bergaji"])
    source: Text = Field(examples=["Permensos 28/2018"])
    valid_from: Day


class RoleConflictView(BaseModel):
    """A rule that forbids a pair; `valid_to` is the first day on which it no longer does."""

    role_conflict_id: UUID
    kind: PilarKind
    other_kind: PilarKind
    paid_only: bool
    reason_en: str
    reason_id: str
    source: str
    valid_from: date
    valid_to: date | None
    version: int


class RoleConflictPage(BaseModel):
    """A page of conflicts, by when they were set."""

    items: list[RoleConflictView]
    next: str | None


@router.get("/role-conflict", response_model=RoleConflictPage)
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


@router.post("/role-conflict", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def set_conflict(body: RoleConflictSetting, session: Session, caller: Caller) -> RoleConflictView:
    """Forbid a pair of kinds from a day on."""
    return _view(await set_role_conflict(session, caller, **dict(body)))


@router.post("/role-conflict/{role_conflict_id}/end", status_code=201)
@may(Permission.FRAMEWORK_SET, key_required=True)
async def end_conflict(
    role_conflict_id: UUID, body: RangeEnd, session: Session, caller: Caller
) -> RoleConflictView:
    """Let a pair be held together again from a day on."""
    return _view(await end_role_conflict(session, caller, role_conflict_id, **dict(body)))


def _view(row: RoleConflict) -> RoleConflictView:
    return RoleConflictView.model_validate(row, from_attributes=True)
