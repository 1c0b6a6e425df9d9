"""Conditions on the cases that an actor may see, beyond row security."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi
from services.graduation.replicas.models import Dampingan
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.validity import valid_on


async def visible_to(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that the actor may see a case.

    A pendamping sees cases of families that they accompany today, others all cases of their areas.
    """
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    return is_accompanied_by(Graduasi.kpm_id, actor, await clock.today(session))


async def listed_for(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition of `visible_to` in a form whose lists use indexes.

    Cases of a pendamping are selected by family, cases of an official by a range of area codes.
    """
    area = in_areas(Graduasi.kode_wilayah, actor.areas)
    if actor.scope is not Scope.OWN_FAMILIES:
        return area
    return sa.and_(area, Graduasi.kpm_id.in_(select_accompanied_kpm(actor, await clock.today(session))))


def select_accompanied_kpm(actor: Actor, on: date) -> sa.Select[Any]:
    """Select the kpm_id of families that the actor accompanies on a date."""
    return sa.select(Dampingan.kpm_id).where(
        Dampingan.pendamping_id == actor.pendamping_id,
        valid_on(Dampingan.valid_from, Dampingan.valid_to, on),
    )


def is_accompanied_by(kpm_id: Any, actor: Actor, on: date) -> sa.ColumnElement[bool]:
    """Return the condition that the actor accompanies a family on a date."""
    return (
        sa.select(Dampingan.dampingan_id)
        .where(
            Dampingan.kpm_id == kpm_id,
            Dampingan.pendamping_id == actor.pendamping_id,
            valid_on(Dampingan.valid_from, Dampingan.valid_to, on),
        )
        .exists()
    )
