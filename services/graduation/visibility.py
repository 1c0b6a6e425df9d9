"""What a caller may see of cases beyond what row security narrows to their areas."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi, StageAct
from services.graduation.replicas.models import Dampingan
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.validity import holds_on


async def visible(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """A pendamping sees families they accompany today, and cases they acted in; others all of their area."""
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    on = await clock.today(session)
    acted = (
        sa.select(StageAct.stage_act_id)
        .where(StageAct.graduasi_id == Graduasi.graduasi_id, StageAct.person == actor.person)
        .exists()
    )
    return sa.or_(Graduasi.opened_by == actor.person, acted, accompanied(Graduasi.kpm_id, actor, on))


async def theirs(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """The same cases, as a list finds them: gathered by index for a pendamping, by a range of codes for an official."""
    area = in_areas(Graduasi.kode_wilayah, actor.areas)
    if actor.scope is not Scope.OWN_FAMILIES:
        return area
    return sa.and_(area, Graduasi.graduasi_id.in_(gathered(actor, await clock.today(session))))


def gathered(actor: Actor, on: date) -> sa.CompoundSelect[Any]:
    """The ids of the cases that a pendamping opened, acted in, or has in families that they hold on a date."""
    opened = sa.select(Graduasi.graduasi_id).where(Graduasi.opened_by == actor.person)
    acted = sa.select(StageAct.graduasi_id).where(StageAct.person == actor.person)
    held = sa.select(Graduasi.graduasi_id).where(Graduasi.kpm_id.in_(held_by(actor, on)))
    return sa.union(opened, acted, held)


def held_by(actor: Actor, on: date) -> sa.Select[Any]:
    """The families whose dampingan the caller holds on a date."""
    return sa.select(Dampingan.kpm_id).where(
        Dampingan.pendamping_id == actor.pendamping_id,
        holds_on(Dampingan.valid_from, Dampingan.valid_to, on),
    )


def accompanied(kpm_id: Any, actor: Actor, on: date) -> sa.ColumnElement[bool]:
    """Whether the caller holds a dampingan on the family on a date."""
    return (
        sa.select(Dampingan.dampingan_id)
        .where(
            Dampingan.kpm_id == kpm_id,
            Dampingan.pendamping_id == actor.pendamping_id,
            holds_on(Dampingan.valid_from, Dampingan.valid_to, on),
        )
        .exists()
    )
