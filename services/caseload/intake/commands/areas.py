"""Families whose area in the file differs from the recorded one."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.history import append_history
from services.caseload.intake.commands.plan import Plan
from services.caseload.relocation.commands import end_uncovered_dampingan, read_last_move, store_former_area
from shared.jobs import Job


async def store_former_areas(
    session: AsyncSession, job: Job, plans: Sequence[Plan], today: date
) -> list[Kpm]:
    """Store the former areas of families that have moved, and return these families.

    The file is the evidence.
    """
    moved: list[Kpm] = []
    for plan in plans:
        if plan.moved_from is None:
            continue
        kpm = await session.get_one(Kpm, plan.kpm_id, populate_existing=True)
        if await read_last_move(session, plan.kpm_id) != today:
            await store_former_area(session, kpm, today, job.params["sha256"])
        entry = (plan.kpm_id, "kpm", plan.kpm_id, "MOVED")
        detail = {"on": str(today), "before": plan.moved_from, "evidence_sha256": job.params["sha256"]}
        await append_history(session, *entry, actor=job.actor, why="INTAKE", **detail)
        moved.append(kpm)
    await session.flush()
    return moved


async def end_moved_dampingan(session: AsyncSession, job: Job, families: Sequence[Kpm]) -> None:
    """End each dampingan whose placement does not cover the family's new area."""
    for kpm in families:
        await session.refresh(kpm)
        await end_uncovered_dampingan(session, job.actor, kpm)
