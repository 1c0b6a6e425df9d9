"""What the calendar alone changes of a family: a komponen whose last day has passed, an age that somebody reaches.

Once a day of the business clock the families whose facts hold no longer are worked out anew; told is what differs.
"""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import facts_now
from services.caseload.family.models import Kpm
from shared import clock
from shared.contracts.caseload import KpmUpdated
from shared.dates import midnight
from shared.jobs import Due, Work, schedule
from shared.jobs.pacing import has_room
from shared.messaging import emit

FACTS_OF_THE_DAY = "facts_of_the_day"
AT_ONCE = 200


async def tell_what_the_day_changed(session: AsyncSession, due: Due) -> None:
    """Tell the next families, and come back: at once while there are more, else tomorrow. A migration asks for the first."""
    today = await clock.today(session)
    stale = sa.select(Kpm).where(Kpm.facts_until <= today).order_by(Kpm.kpm_id).limit(AT_ONCE)
    room = await has_room(session)
    families = (await session.scalars(stale.with_for_update(key_share=True))).all() if room else []
    told = [kpm.facts for kpm in families]
    for before, now in zip(told, await facts_now(session, families), strict=True):
        if now != before:
            emit(session, KpmUpdated.model_validate(now))
    over = room and len(families) < AT_ONCE
    next_at = midnight(today + timedelta(days=1)) if over else due.due_at
    await schedule(session, FACTS_OF_THE_DAY, next_at, subject_id="facts")


WORK = Work(dues={FACTS_OF_THE_DAY: tell_what_the_day_changed})
