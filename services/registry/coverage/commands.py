from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.coverage.models import CoverageCount
from shared import clock
from shared.access import Actor
from shared.database import uuid7
from shared.jobs import enqueue

COUNT_JOB = "coverage.count"


async def request_count(session: AsyncSession, actor: Actor) -> tuple[CoverageCount, UUID]:
    """Enqueue a count of today's coverage of the whole country.

    Earlier counts are not changed.

    Returns:
        The unfinished count and the id of its job.

    Raises:
        NotAllowed: The actor's area is not the whole country.
    """
    actor.require_national()
    row = CoverageCount(
        count_id=uuid7(),
        counted_on=await clock.today(session),
        requested_at=datetime.now(UTC),
        requested_by=actor.sub,
    )
    session.add(row)
    params = {"count_id": str(row.count_id), "on": row.counted_on.isoformat()}
    return row, await enqueue(session, COUNT_JOB, params, actor)
