from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import change_purpose
from services.caseload.dampingan.commands.gap import turn_gap
from services.caseload.graduation_effect.commands.after_exit import let_go
from services.caseload.graduation_effect.commands.effect import TO_MONITORING
from services.caseload.membership.models import CaseMark, Kepesertaan
from shared import clock
from shared.contracts.kinds import Bansos, DampinganPurpose
from shared.jobs import Due, Work


async def begin_monitoring(session: AsyncSession, due: Due) -> None:
    """The family has left PKH, if it still has: access stays, it weighs nothing. Is nobody visited, it ends as well."""
    kpm_id, graduasi_id = UUID(due.subject_id), UUID(due.payload["graduasi_id"])
    today = await clock.today(session)
    member = sa.exists().where(
        Kepesertaan.kpm_id == kpm_id, Kepesertaan.bansos == Bansos.PKH, Kepesertaan.valid.contains(today)
    )
    held = sa.exists().where(CaseMark.graduasi_id == graduasi_id, CaseMark.held)
    if not await session.scalar(sa.select(member | held)):
        purpose = DampinganPurpose.PEMANTAUAN
        await change_purpose(session, kpm_id, purpose, why="graduasi", graduasi_id=graduasi_id)
        await turn_gap(session, kpm_id, purpose)
        if not due.payload["watched"]:
            await let_go(session, kpm_id, today)


WORK = Work(dues={TO_MONITORING: begin_monitoring})
