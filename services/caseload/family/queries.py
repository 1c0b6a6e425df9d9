from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import AgeRule
from services.caseload.family.rules import Ages


async def ages_on(session: AsyncSession, day: date) -> Ages:
    """Return the rule in force on a day; one always is, by migration."""
    rule = sa.select(AgeRule.able_from, AgeRule.able_below, AgeRule.lansia_from)
    return Ages(*(await session.execute(rule.where(AgeRule.valid.contains(day)))).one())
