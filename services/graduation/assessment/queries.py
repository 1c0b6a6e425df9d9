"""Reads of an assessment: as it was made, and computed again under its own version."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Asesmen
from services.graduation.assessment.rules import Answer, judge
from services.graduation.case.models import Graduasi
from services.graduation.policy.models.instrument import Indicator, Instrument
from services.graduation.policy.models.policy import Policy
from services.graduation.visibility import visible
from shared.access import Actor
from shared.errors import NotFound


async def asesmen(session: AsyncSession, actor: Actor, asesmen_id: UUID) -> Asesmen:
    """Return an assessment of a case that the caller may see; raise NotFound."""
    shown = (
        sa.select(Asesmen)
        .join(Graduasi, Graduasi.graduasi_id == Asesmen.graduasi_id)
        .where(Asesmen.asesmen_id == asesmen_id, await visible(session, actor))
    )
    found = (await session.scalars(shown)).one_or_none()
    if found is None:
        raise NotFound("asesmen")
    return found


async def reproduction(session: AsyncSession, actor: Actor, asesmen_id: UUID) -> dict[str, Any]:
    """Judge again, by the instrument of then, the answers and facts of then; say whether it comes out the same.

    Raises:
        NotFound
    """
    made = await asesmen(session, actor, asesmen_id)
    policy = await session.get_one(Policy, made.policy_id)
    of_then = sa.select(Instrument).where(Instrument.version == made.instrument_version)
    instrument = (await session.scalars(of_then)).one()
    asked = sa.select(Indicator).where(Indicator.instrument_id == instrument.instrument_id)
    indicators = (await session.scalars(asked.order_by(Indicator.position))).all()
    answers = {code: Answer(**answer) for code, answer in made.answers.items()}
    again = judge(instrument, indicators, answers, made.facts)
    names = ("result", "score_percent", "explanation")
    return {
        "asesmen_id": asesmen_id,
        "policy_version": policy.version,
        "instrument_version": made.instrument_version,
        "equal": all(getattr(again, name) == getattr(made, name) for name in names),
        **{name: getattr(again, name) for name in names},
    }
