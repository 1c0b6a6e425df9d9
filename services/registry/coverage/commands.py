from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.coverage.models import CoverageCount
from services.registry.visibility import require_national
from shared import clock
from shared.access import Actor
from shared.database import uuid7
from shared.jobs import enqueue

KIND = "coverage.count"


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
