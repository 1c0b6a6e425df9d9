"""A crediting rule's next version: it counts nothing until a policy that two have approved names it."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import CreditArea, CreditedTo, CreditRule, CreditYear
from shared.access import Actor
from shared.clock import moment_of
from shared.database import refusing
from shared.errors import LostRace


@dataclass(frozen=True, slots=True)
class NewCreditRule:
    """To whom a penetapan counts, in which year and area, and whether an annulment takes it back; in words too."""

    credited: CreditedTo
    year_of: CreditYear
    area_of: CreditArea
    reversed_by_annulment: bool
    text_en: str
    text_id: str
    basis: str


async def set_credit_rule(session: AsyncSession, actor: Actor, new: NewCreditRule) -> CreditRule:
    """Write the next version down; those before stay for the policies that name them.

    Raises:
        LostRace: somebody wrote the same version at the same time.
    """
    newest = sa.select(sa.func.coalesce(sa.func.max(CreditRule.version), 0))
    row = CreditRule(
        version=(await session.scalar(newest) or 0) + 1,
        valid_from=(await moment_of(session)).on,
        set_by=actor.person,
        **asdict(new),
    )
    session.add(row)
    with refusing(pk_credit_rule=LostRace):
        await session.flush()
    return row
