"""The next version of the months at which outcomes are asked, from a day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.follow_up.models import OutcomeRule
from shared import clock
from shared.access import Actor
from shared.database import insert
from shared.dates import require_ahead
from shared.errors import VersionNotLatest
from shared.validity import end_previous


@dataclass(frozen=True, slots=True)
class NewOutcomeRule:
    """Months after a delivery, ascending; of rujukan that open from `valid_from` on."""

    months: Sequence[int]
    valid_from: date
    basis: str


async def set_outcome_rule(session: AsyncSession, new: NewOutcomeRule, actor: Actor) -> OutcomeRule:
    """Set at which months outcomes are asked; the version before ends the day this one begins.

    Rujukan that opened before keep theirs.

    Raises:
        DateInThePast, VersionNotLatest
    """
    require_ahead(new.valid_from, await clock.today(session))
    taken_from = VersionNotLatest("/body/valid_from", on=new.valid_from)
    newest = sa.select(OutcomeRule).order_by(OutcomeRule.version.desc()).limit(1)
    last = (await session.scalars(newest.with_for_update(key_share=True))).one()
    await end_previous(session, last, new.valid_from, taken_from)
    row = OutcomeRule(
        version=last.version + 1,
        months=list(new.months),
        valid_from=new.valid_from,
        basis=new.basis,
        set_by=actor.sub,
    )
    await insert(session, row, ex_outcome_rule_range=taken_from, pk_outcome_rule=taken_from)
    return row
