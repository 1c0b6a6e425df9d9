from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import change_purpose
from services.caseload.dampingan.commands.gap import (
    finish_needless_tasks,
    open_gap_if_unaccompanied,
    set_gap_purpose,
)
from services.caseload.dampingan.models import GapCause
from services.caseload.graduation_effect.commands.effect import OPEN_GAP, START_MONITORING
from services.caseload.graduation_effect.commands.monitoring_end import end_monitoring
from services.caseload.history import SYSTEM
from services.caseload.membership.models import CaseMark, Kepesertaan
from shared import clock
from shared.contracts.kinds import Bansos, DampinganPurpose
from shared.jobs import ScheduledTask, Work, for_subject


async def start_monitoring(session: AsyncSession, due: ScheduledTask) -> None:
    """Switch the family's dampingan to PEMANTAUAN on the effective date of its exit from PKH.

    Nothing happens if the family is a member again or an objection suspends the end. The dampingan ends if the policy
    has no monitoring months.
    """
    kpm_id, graduasi_id = UUID(due.subject_id), UUID(due.payload["graduasi_id"])
    today = await clock.today(session)
    member = sa.exists().where(
        Kepesertaan.kpm_id == kpm_id, Kepesertaan.bansos == Bansos.PKH, Kepesertaan.valid.contains(today)
    )
    suspended = sa.exists().where(CaseMark.graduasi_id == graduasi_id, CaseMark.held)
    if not await session.scalar(sa.select(member | suspended)):
        purpose = DampinganPurpose.PEMANTAUAN
        await change_purpose(session, kpm_id, purpose, why="GRADUASI", graduasi_id=graduasi_id)
        await set_gap_purpose(session, kpm_id, purpose)
        if not due.payload["watched"]:
            await end_monitoring(session, kpm_id, today)
            await finish_needless_tasks(session, SYSTEM, kpm_id, today)


async def open_gap(session: AsyncSession, graduasi_id: UUID) -> None:
    """Open a gap if a family has no PKH pendamping when its monitoring begins.

    After an exit from PKH it has its gap already.
    """
    mark = await session.get_one(CaseMark, graduasi_id)
    await open_gap_if_unaccompanied(session, mark.kpm_id, GapCause.PEMANTAUAN_DIMULAI)


WORK = Work(scheduled_tasks={START_MONITORING: start_monitoring, OPEN_GAP: for_subject(open_gap)})
