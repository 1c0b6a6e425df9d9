"""The steps of a coverage count."""

from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.coverage.commands import COUNT_JOB
from services.registry.coverage.models import (
    COUNT_COLUMNS,
    CoverageCount,
    CoverageFigure,
    select_counts_by_area,
)
from services.registry.replicas.models import Kpm
from shared.database import load
from shared.jobs import Job, Step, Work
from shared.wilayah import KECAMATAN_LENGTH

FAMILIES_PER_STEP = 5_000
"""Rounded up to a full kecamatan. The largest kecamatan has fewer than 30,000 families."""


async def count_next_kecamatan(session: AsyncSession, job: Job) -> Step:
    """Count the next kecamatan on the day for which the count was requested."""
    count_id, previous_end = UUID(job.params["count_id"]), job.place.get("after", "")
    code = Kpm.kode_wilayah
    last_code = await session.scalar(
        sa.select(code).where(code > previous_end).order_by(code).offset(FAMILIES_PER_STEP - 1).limit(1)
    )
    # "~" sorts after digits and dots, so it ends the range behind the last village of the kecamatan.
    end = f"{last_code[:KECAMATAN_LENGTH]}~" if last_code else "~"
    statement = select_counts_by_area(KECAMATAN_LENGTH, date.fromisoformat(job.params["on"]))
    counts = statement.where(code > previous_end, code < end).subquery()
    values = sa.select(sa.literal(count_id, sa.Uuid()), counts)
    insert = sa.insert(CoverageFigure).from_select(["count_id", "kode_wilayah", *COUNT_COLUMNS], values)
    families = await session.scalars(insert.returning(CoverageFigure.families))
    if last_code is None:
        (await load(session, CoverageCount, count_id)).finished_at = datetime.now(UTC)
    return Step(done=sum(families), place={"after": end}, finished=last_code is None)


WORK = Work(steps={COUNT_JOB: count_next_kecamatan})
