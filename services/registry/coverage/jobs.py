"""The steps of a count of coverage."""

from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.coverage.commands import KIND
from services.registry.coverage.models import COUNTED, CoverageCount, CoverageFigure, counted_by_area
from services.registry.replicas.models import Kpm
from shared.database import load
from shared.jobs import Job, Step, Work
from shared.wilayah import KECAMATAN_LENGTH

FAMILIES_A_STEP = 5_000
"""Rounded up to a whole kecamatan; the largest are below 30,000."""


async def count_next(session: AsyncSession, job: Job) -> Step:
    """Count the next kecamatan, by the day on which the count was asked for."""
    count_id, after = UUID(job.params["count_id"]), job.place.get("after", "")
    code = Kpm.kode_wilayah
    last = await session.scalar(
        sa.select(code).where(code > after).order_by(code).offset(FAMILIES_A_STEP - 1).limit(1)
    )
    upto = f"{last[:KECAMATAN_LENGTH]}~" if last else "~"
    found = counted_by_area(KECAMATAN_LENGTH, date.fromisoformat(job.params["on"]))
    counted = found.where(code > after, code < upto).subquery()
    values = sa.select(sa.literal(count_id, sa.Uuid()), counted)
    kept = sa.insert(CoverageFigure).from_select(["count_id", "kode_wilayah", *COUNTED], values)
    rows = await session.scalars(kept.returning(CoverageFigure.families))
    if last is None:
        (await load(session, CoverageCount, count_id)).finished_at = datetime.now(UTC)
    return Step(done=sum(rows), place={"after": upto}, finished=last is None)


WORK = Work(steps={KIND: count_next})
