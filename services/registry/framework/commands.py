"""The year's target of a kind: a policy row, of which the latest holds and all are kept."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.framework.models import SERVING, Target, TargetTerms
from services.registry.visibility import require_national
from shared.access import Actor
from shared.database import insert, uuid7
from shared.errors import VersionJustSet


async def set_target(session: AsyncSession, actor: Actor, terms: TargetTerms) -> Target:
    """Set a kind's target for a full year and the statuses that count.

    Saying the same again changes nothing.

    Raises NotAllowed, VersionJustSet.
    """
    require_national(actor)
    latest = await session.scalar(
        sa.select(Target)
        .where(Target.year == terms.year, Target.kind == terms.kind)
        .order_by(Target.number.desc())
        .limit(1)
    )
    row = Target(
        **dict(terms),
        target_id=uuid7(),
        number=latest.number + 1 if latest else 1,
        set_at=datetime.now(UTC),
        set_by=actor.sub,
    )
    row.counted = [status for status in SERVING if status in terms.counted]
    if latest and all(getattr(latest, name) == getattr(row, name) for name in TargetTerms.model_fields):
        return latest
    await insert(session, row, uq_target_year_kind_number=VersionJustSet())
    return row
