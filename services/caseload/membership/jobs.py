from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import accompany_anew
from services.caseload.membership.commands.kepesertaan import BACK_IN_PKH
from services.caseload.membership.models import Kepesertaan
from shared import clock
from shared.jobs import Due, Work


async def accompany_again(session: AsyncSession, due: Due) -> None:
    """The family is in PKH from today: what was monitoring is accompaniment again, and nobody is a gap."""
    kpm_id, kepesertaan_id = UUID(due.subject_id), UUID(due.payload["kepesertaan_id"])
    today = await clock.today(session)
    row = await session.get(Kepesertaan, kepesertaan_id)
    if row is not None and row.valid.contains(today):
        await accompany_anew(session, kpm_id, why="re-entry", graduasi_id=None)


WORK = Work(dues={BACK_IN_PKH: accompany_again})
