"""Reads of the age rule in force and of a family's desil."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import AgeRule, Desil
from services.caseload.family.rules import Ages
from services.caseload.visibility import require_sight
from shared.access import Actor


async def ages_on(session: AsyncSession, day: date) -> Ages:
    """Return the rule in force on a day; one always is, by migration."""
    rule = sa.select(AgeRule.able_from, AgeRule.able_below, AgeRule.lansia_from)
    return Ages(*(await session.execute(rule.where(AgeRule.valid.contains(day)))).one())


async def read_desil(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Sequence[Desil]:
    """Return how each snapshot ranked the family, by scope, oldest first.

    Raises:
        NotFound: not the caller's to see.
    """
    await require_sight(session, actor, kpm_id)
    ranks = sa.select(Desil).where(Desil.kpm_id == kpm_id).order_by(Desil.scope, Desil.snapshot)
    return (await session.scalars(ranks)).all()
