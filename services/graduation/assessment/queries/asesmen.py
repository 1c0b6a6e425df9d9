"""Queries of an assessment, and its reproduction with its own instrument version."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Asesmen
from services.graduation.assessment.rules.judgement import Answer, judge
from services.graduation.case.models import Graduasi
from services.graduation.policy.models.instrument import Indicator, Instrument
from services.graduation.policy.models.policy import Policy
from services.graduation.visibility import visible_to
from shared.access import Actor
from shared.errors import NotFound


async def read_asesmen(session: AsyncSession, actor: Actor, asesmen_id: UUID) -> Asesmen:
    """Return an assessment of a case that the actor may see.

    Raises:
        NotFound
    """
    statement = (
        sa.select(Asesmen)
        .join(Graduasi, Graduasi.graduasi_id == Asesmen.graduasi_id)
        .where(Asesmen.asesmen_id == asesmen_id, await visible_to(session, actor))
    )
    asesmen = (await session.scalars(statement)).one_or_none()
    if asesmen is None:
        raise NotFound("asesmen")
    return asesmen


async def reproduce_asesmen(session: AsyncSession, actor: Actor, asesmen_id: UUID) -> dict[str, Any]:
    """Judge the stored answers and facts again with the same instrument, and compare the results.

    Raises:
        NotFound
    """
    asesmen = await read_asesmen(session, actor, asesmen_id)
    policy = await session.get_one(Policy, asesmen.policy_id)
    statement = sa.select(Instrument).where(Instrument.version == asesmen.instrument_version)
    instrument = (await session.scalars(statement)).one()
    criteria = sa.select(Indicator).where(Indicator.instrument_id == instrument.instrument_id)
    indicators = (await session.scalars(criteria.order_by(Indicator.position))).all()
    answers = {code: Answer(**answer) for code, answer in asesmen.answers.items()}
    judgement = judge(instrument, indicators, answers, asesmen.facts)
    names = ("result", "score_percent", "explanation")
    return {
        "asesmen_id": asesmen_id,
        "policy_version": policy.version,
        "instrument_version": asesmen.instrument_version,
        "equal": all(getattr(judgement, name) == getattr(asesmen, name) for name in names),
        **{name: getattr(judgement, name) for name in names},
    }
