"""Set the months at which outcomes are asked."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.follow_up.models import OutcomeRule, OutcomeRuleTerms
from shared import clock
from shared.access import Actor
from shared.database import insert
from shared.dates import require_not_past
from shared.errors import VersionNotLatest
from shared.validity import end_previous, not_voided


async def set_outcome_rule(session: AsyncSession, terms: OutcomeRuleTerms, actor: Actor) -> OutcomeRule:
    """Set the months at which outcomes are asked.

    The version before ends on the day this one starts.

    Rujukan that opened before keep their version.

    Raises:
        DateInThePast, VersionNotLatest
    """
    require_not_past(terms.valid_from, await clock.today(session))
    taken_from = VersionNotLatest("/body/valid_from", on=terms.valid_from)
    newest = sa.select(OutcomeRule).order_by(OutcomeRule.version.desc()).limit(1)
    last = (await session.scalars(newest.with_for_update(key_share=True))).one()
    current = (
        await session.scalars(newest.where(not_voided(OutcomeRule.valid_from, OutcomeRule.valid_to)))
    ).one()
    await end_previous(session, current, terms.valid_from, taken_from)
    row = OutcomeRule(**dict(terms), version=last.version + 1, set_by=actor.sub)
    await insert(session, row, ex_outcome_rule_range=taken_from, pk_outcome_rule=taken_from)
    return row
