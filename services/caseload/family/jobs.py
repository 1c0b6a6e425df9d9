"""Daily job that recomputes facts of families which change by the calendar.

A komponen ends or a member reaches an age without any request. `Kpm.facts_until` is the day on which that happens.
"""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import recompute_facts
from services.caseload.family.models import Kpm
from shared import clock
from shared.contracts.caseload import KpmUpdated
from shared.dates import midnight
from shared.jobs import ScheduledTask, Work, schedule
from shared.jobs.backpressure import outbox_has_room
from shared.messaging import emit

UPDATE_FACTS = "kpm_facts.update"
BATCH_SIZE = 200


async def emit_calendar_changes(session: AsyncSession, due: ScheduledTask) -> None:
    """Recompute outdated facts of the next families and emit those that differ.

    It schedules itself: at once while there are more families, else for the next day. A migration schedules the first.
    """
    today = await clock.today(session)
    outdated = sa.select(Kpm).where(Kpm.facts_until <= today).order_by(Kpm.kpm_id).limit(BATCH_SIZE)
    room = await outbox_has_room(session)
    families = (await session.scalars(outdated.with_for_update(key_share=True))).all() if room else []
    published = [kpm.facts for kpm in families]
    for before, after in zip(published, await recompute_facts(session, families), strict=True):
        if after != before:
            emit(session, KpmUpdated.model_validate(after))
    finished = room and len(families) < BATCH_SIZE
    next_at = midnight(today + timedelta(days=1)) if finished else due.due_at
    await schedule(session, UPDATE_FACTS, next_at, subject_id="facts")


WORK = Work(scheduled_tasks={UPDATE_FACTS: emit_calendar_changes})
