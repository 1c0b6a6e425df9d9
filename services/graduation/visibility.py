"""Conditions on the cases that an actor may see, beyond row security."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi
from services.graduation.replicas.models import Dampingan
from services.graduation.review.models import StageAct
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.validity import valid_on


async def visible_to(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that the actor may see a case.

    A pendamping sees cases of families that they accompany today, and cases that they opened or acted in.
    Others see all cases of their areas.
    """
    if actor.scope is not Scope.OWN_FAMILIES:
        return sa.true()
    on = await clock.today(session)
    acted = (
        sa.select(StageAct.stage_act_id)
        .where(StageAct.graduasi_id == Graduasi.graduasi_id, StageAct.person == actor.person)
        .exists()
    )
    return sa.or_(Graduasi.opened_by == actor.person, acted, is_accompanied_by(Graduasi.kpm_id, actor, on))


async def listed_for(session: AsyncSession, actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition of `visible_to` in a form whose lists use indexes.

    Cases of a pendamping are selected by id, cases of an official by a range of area codes.
    """
    area = in_areas(Graduasi.kode_wilayah, actor.areas)
    if actor.scope is not Scope.OWN_FAMILIES:
        return area
    return sa.and_(area, Graduasi.graduasi_id.in_(select_own_cases(actor, await clock.today(session))))


def select_own_cases(actor: Actor, on: date) -> sa.CompoundSelect[Any]:
    """Select the graduasi_id of cases that the pendamping opened, acted in or accompanies."""
    opened = sa.select(Graduasi.graduasi_id).where(Graduasi.opened_by == actor.person)
    acted = sa.select(StageAct.graduasi_id).where(StageAct.person == actor.person)
    accompanied = sa.select(Graduasi.graduasi_id).where(
        Graduasi.kpm_id.in_(select_accompanied_kpm(actor, on))
    )
    return sa.union(opened, acted, accompanied)


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
