"""Whose family is whose to see: by area through row security, a pendamping's own through the dampingan of today."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import Dampingan, Kpm
from shared import clock
from shared.access import Actor, Role
from shared.errors import NotFound

BY_AREA = frozenset(
    {Role.OPERATOR_DESA, Role.KETUA_TIM_KABKOTA, Role.DINSOS_KABKOTA, Role.KEMENSOS, Role.OPERATOR}
)


def sees_own_only(actor: Actor) -> bool:
    """Whether the caller sees the families of their own dampingan alone (domain.md 7.3)."""
    return actor.roles.isdisjoint(BY_AREA)


def own(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Return the condition that a family is the caller's to see; area is held by row security."""
    if not sees_own_only(actor):
        return sa.true()
    mine = sa.exists().where(
        Dampingan.kpm_id == Kpm.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(today),
    )
    return mine if actor.pendamping_id else sa.false()


async def require_sight(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Any:
    """Return the family's row.

    Raises:
        NotFound: there is none, or it is not the caller's to see.
    """
    today = await clock.today(session)
    row = (
        await session.execute(sa.select(Kpm).where(Kpm.kpm_id == kpm_id, own(actor, today)))
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("kpm")
    return row


def within(actor: Actor, kode_wilayah: str | None) -> list[sa.ColumnElement[bool]]:
    """Return conditions on `kpm` for an area asked for and for the caller's own: what row security asks too, as ranges.

    Row security holds in any case; ranges let the planner go by the index of areas.
    """
    asked = [below(kode_wilayah)] if kode_wilayah is not None else []
    return asked if actor.national else [*asked, sa.or_(sa.false(), *(below(area) for area in actor.areas))]


def below(area: str) -> sa.ColumnElement[bool]:
    """Return the condition that a family lives in an area."""
    return sa.and_(Kpm.kode_wilayah >= area, Kpm.kode_wilayah < f"{area}~")
