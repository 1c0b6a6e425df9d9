"""Families that the file shows elsewhere: where they lived stays readable, and who may not work there lets them go."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.history import remember
from services.caseload.intake.commands.plan import Plan
from services.caseload.relocation.commands import keep_wilayah, last_move, leave_to_others
from shared.jobs import Job


async def keep_areas(session: AsyncSession, job: Job, plans: Sequence[Plan], today: date) -> list[Kpm]:
    """Keep where the families of the plans that have moved lived up to today; return them. The file is the evidence."""
    found: list[Kpm] = []
    for plan in plans:
        if plan.moved_from is None:
            continue
        kpm = await session.get_one(Kpm, plan.kpm_id, populate_existing=True)
        if await last_move(session, plan.kpm_id) != today:
            await keep_wilayah(session, kpm, today, job.params["sha256"])
        place = (plan.kpm_id, "kpm", plan.kpm_id, "MOVED")
        kept = {"on": str(today), "before": plan.moved_from, "evidence_sha256": job.params["sha256"]}
        await remember(session, *place, who=job.actor.sub, why="intake", **kept)
        found.append(kpm)
    await session.flush()
    return found


async def leave_areas(session: AsyncSession, job: Job, families: Sequence[Kpm]) -> None:
    """End the dampingan whose placements do not cover the new areas; each leaves a gap and a task."""
    for kpm in families:
        await session.refresh(kpm)
        await leave_to_others(session, job.actor, kpm)
