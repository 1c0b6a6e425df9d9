"""The route that shows an account who it is, and what it may do."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request

from shared import clock
from shared.access import Actor, Permission
from shared.access.permissions import LEVEL_OF_ROLE, LEVELS, Scope
from shared.field_classes import FieldClass
from shared.fields import View
from shared.http.declared import may
from shared.http.openapi import routes_of
from shared.http.route import CurrentActor, Router, Session
from shared.roles import Role

AreaLevel = Literal["country", "province", "kabupaten", "kecamatan", "desa"]
FieldLevel = Literal["UMUM", "PRIBADI", "SPESIFIK"]
LEVEL_NAMES = {parts: name for name, parts in LEVELS.items()}

router = Router(tag="account")


class RoleItem(BaseModel):
    """A role of the account. Areas of the token above its level open nothing."""

    role: Role
    area_level: AreaLevel


class AccountArea(View):
    """An area of the token. "*" is the whole country."""

    kode_wilayah: str


class PermissionItem(BaseModel):
    """A permission of the account, as operations name it in `x-permission`."""

    permission: str
    scope: Scope
    field_level: FieldLevel


class MeView(BaseModel):
    """The account of the token."""

    sub: str
    roles: list[RoleItem]
    areas: list[AccountArea]
    ditjen: str | None
    pendamping_id: UUID | None
    partner_id: UUID | None
    permissions: list[PermissionItem]
    today: date


@router.get("/me")
@may(Permission.ACCOUNT_READ)
async def read_me(request: Request, actor: CurrentActor, session: Session) -> MeView:
    """Return the caller's account, what it may do in this service, and the business date."""
    used = {route.declared.permission for route in routes_of(request.app)}
    permitted = sorted(one for one in used if one is not None and actor.may(one))
    return MeView(
        sub=actor.sub,
        roles=[_role_item(role) for role in sorted(actor.roles)],
        areas=[AccountArea(kode_wilayah=area) for area in actor.token_areas],
        ditjen=actor.ditjen,
        pendamping_id=actor.pendamping_id,
        partner_id=actor.partner_id,
        permissions=[_permission_item(actor, one) for one in permitted],
        today=await clock.today(session),
    )


def _role_item(role: Role) -> RoleItem:
    return RoleItem.model_validate({"role": role, "area_level": LEVEL_NAMES[LEVEL_OF_ROLE[role]]})


def _permission_item(actor: Actor, permission: Permission) -> PermissionItem:
    under = actor.under(permission)
    level = FieldClass(under.fields).name
    return PermissionItem.model_validate(
        {"permission": permission, "scope": under.scope, "field_level": level}
    )
