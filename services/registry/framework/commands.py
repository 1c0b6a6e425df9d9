"""The year's target of a kind: a policy row, of which the latest holds and all are kept."""

from collections.abc import Collection
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.framework.models import SERVING, Target
from services.registry.visibility import require_national
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import insert, uuid7
from shared.errors import VersionJustSet


async def set_target(
    session: AsyncSession,
    actor: Actor,
    *,
    year: int,
    kind: PilarKind,
    per_person: int,
    counted: Collection[str],
    basis: str,
) -> Target:
    """Set what a person of `kind` is to graduate in a full `year`, and in which statuses its days count.

    Saying the same again changes nothing.

    Raises NotAllowed, VersionJustSet.
    """
    require_national(actor)
    held = await session.scalar(
        sa.select(Target)
        .where(Target.year == year, Target.kind == kind)
        .order_by(Target.number.desc())
        .limit(1)
    )
    statuses = [status.value for status in SERVING if status.value in counted]
    if held is not None and (held.per_person, held.counted, held.basis) == (per_person, statuses, basis):
        return held
    row = Target(
        target_id=uuid7(),
        year=year,
        kind=kind,
        number=held.number + 1 if held else 1,
        per_person=per_person,
        counted=statuses,
        basis=basis,
        set_at=datetime.now(UTC),
        set_by=actor.sub,
    )
    await insert(session, row, uq_target_year_kind_number=VersionJustSet())
    return row
