from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import resume_accompaniment
from services.caseload.membership.commands.kepesertaan import RESUME_DAMPINGAN
from services.caseload.membership.models import Kepesertaan
from shared import clock
from shared.jobs import ScheduledTask, Work


async def resume_after_re_entry(session: AsyncSession, due: ScheduledTask) -> None:
    """Resume accompaniment on the first day of a family's new PKH membership."""
    kpm_id, kepesertaan_id = UUID(due.subject_id), UUID(due.payload["kepesertaan_id"])
    today = await clock.today(session)
    row = await session.get(Kepesertaan, kepesertaan_id)
    if row is not None and row.valid.contains(today):
        await resume_accompaniment(session, kpm_id, why="RE_ENTRY", graduasi_id=None)


WORK = Work(scheduled_tasks={RESUME_DAMPINGAN: resume_after_re_entry})
