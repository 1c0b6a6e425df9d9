"""Set the yearly target of a kind. Versions are appended, and the newest applies."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.framework.models import SERVING_STATUSES, Target, TargetTerms
from shared.access import Actor
from shared.database import insert, uuid7
from shared.errors import VersionJustSet


async def set_target(session: AsyncSession, actor: Actor, terms: TargetTerms) -> Target:
    """Set a kind's yearly target and the pendamping statuses whose days count.

    Identical terms return the existing target unchanged.

    Raises:
        NotAllowed: The actor's area is not the whole country.
        VersionJustSet: Another request set this target at the same time.
    """
    actor.require_national()
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
        set_by=actor.sub,
    )
    row.counted = [status for status in SERVING_STATUSES if status in terms.counted]
    if latest and all(getattr(latest, name) == getattr(row, name) for name in TargetTerms.model_fields):
        return latest
    await insert(session, row, uq_target_year_kind_number=VersionJustSet())
    return row
