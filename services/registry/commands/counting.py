"""Counting how the whole country is covered: a job, because no request waits for millions of families."""

from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.recording import require_national
from services.registry.models import COUNTED, CoverageCount, CoverageFigure, Kpm, counted_by_area
from shared import clock
from shared.access import Actor
from shared.database import load, uuid7
from shared.jobs import Job, Step, enqueue

KIND = "coverage.count"
KECAMATAN = 8
FAMILIES_A_STEP = 5_000
"""Rounded up to a whole kecamatan; the largest are below 30,000."""


async def request_count(session: AsyncSession, actor: Actor) -> tuple[CoverageCount, UUID]:
    """Ask for a count of the country as it stands today, and return it with its job; an earlier count stays.

    Raises NotAllowed.
    """
    require_national(actor)
    row = CoverageCount(
        count_id=uuid7(),
        counted_on=await clock.today(session),
        asked_at=datetime.now(UTC),
        asked_by=actor.sub,
    )
    session.add(row)
    params = {"count_id": str(row.count_id), "on": row.counted_on.isoformat()}
    return row, await enqueue(session, KIND, params, actor)


async def count_next(session: AsyncSession, job: Job) -> Step:
    """Count the next kecamatan, by the day on which the count was asked for."""
    count_id, after = UUID(job.params["count_id"]), job.place.get("after", "")
    code = Kpm.kode_wilayah
    last = await session.scalar(
        sa.select(code).where(code > after).order_by(code).offset(FAMILIES_A_STEP - 1).limit(1)
    )
    upto = f"{last[:KECAMATAN]}~" if last else "~"
    found = counted_by_area(KECAMATAN, date.fromisoformat(job.params["on"]))
    counted = found.where(code > after, code < upto).subquery()
    values = sa.select(sa.literal(count_id, sa.Uuid()), counted)
    kept = sa.insert(CoverageFigure).from_select(["count_id", "kode_wilayah", *COUNTED], values)
    rows = await session.scalars(kept.returning(CoverageFigure.families))
    if last is None:
        (await load(session, CoverageCount, count_id)).finished_at = datetime.now(UTC)
    return Step(done=sum(rows), place={"after": upto}, finished=last is None)
