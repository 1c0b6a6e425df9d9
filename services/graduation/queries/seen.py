"""What a caller may see of cases beyond what row security narrows to their areas."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import Dampingan, Graduasi, StageAct
from shared import clock
from shared.access import Actor, Role


async def visible(session: AsyncSession, caller: Actor) -> sa.ColumnElement[bool]:
    """A pendamping sees families they accompany today, and cases they acted in; others all of their area."""
    if caller.roles != {Role.PENDAMPING}:
        return sa.true()
    on = await clock.today(session)
    acted = (
        sa.select(StageAct.stage_act_id)
        .where(StageAct.graduasi_id == Graduasi.graduasi_id, StageAct.person == caller.person)
        .exists()
    )
    return sa.or_(Graduasi.opened_by == caller.person, acted, accompanied(Graduasi.kpm_id, caller, on))


def accompanied(kpm_id: Any, caller: Actor, on: date) -> sa.ColumnElement[bool]:
    """Whether the caller holds a dampingan on the family on a date."""
    return (
        sa.select(Dampingan.dampingan_id)
        .where(
            Dampingan.kpm_id == kpm_id,
            Dampingan.pendamping_id == caller.pendamping_id,
            Dampingan.valid_from <= on,
            sa.func.coalesce(Dampingan.valid_to > on, sa.true()),
        )
        .exists()
    )
