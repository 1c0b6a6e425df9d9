"""How many families weigh on a placement, the limit of policy, and the word when it is crossed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import DampinganLimit, DampinganLoad
from shared.contracts.caseload import DampinganLimitCrossed
from shared.contracts.kinds import LimitSide, PilarKind
from shared.database import upsert
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class Limit:
    """Warned above one number, refused above another, by a version of the policy."""

    version: int
    warn_above: int
    refuse_above: int


async def limit_on(session: AsyncSession, kind: PilarKind, day: date) -> Limit | None:
    """Return the limit of a kind on a day; most kinds have none."""
    row = sa.select(DampinganLimit.version, DampinganLimit.warn_above, DampinganLimit.refuse_above)
    found = await session.execute(row.where(DampinganLimit.kind == kind, DampinganLimit.valid.contains(day)))
    values = found.one_or_none()
    return Limit(*values) if values else None


async def lock_loads(session: AsyncSession, holders: Mapping[UUID, UUID]) -> dict[UUID, DampinganLoad]:
    """Return the counts of placements (penugasan_id to pendamping_id), locked in order, so that nobody counts beside."""
    if not holders:
        return {}
    ordered = sorted(holders)
    rows = [{"penugasan_id": p, "pendamping_id": holders[p], "weighing": 0} for p in ordered]
    await upsert(session, DampinganLoad, rows, key=["penugasan_id"], keep=["pendamping_id", "weighing"])
    found = await session.scalars(
        sa.select(DampinganLoad)
        .where(DampinganLoad.penugasan_id.in_(ordered))
        .order_by(DampinganLoad.penugasan_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {load.penugasan_id: load for load in found}


async def add_weight(
    session: AsyncSession,
    loads: Mapping[UUID, DampinganLoad],
    changes: Mapping[UUID, int],
    limit: Limit | None,
) -> None:
    """Change the counts of locked placements, and tell registry of each that crosses the limit, up or down."""
    for penugasan_id, change in sorted(changes.items()):
        load = loads[penugasan_id]
        load.weighing += change
        tell_side(session, load, limit)


def tell_side(session: AsyncSession, load: DampinganLoad, limit: Limit | None) -> bool:
    """Tell registry of a locked count that stands on another side of its limit than was last told; return whether."""
    above = limit is not None and load.weighing > limit.warn_above
    if limit is None or above == load.above:
        return False
    load.above = above
    emit(session, crossing(load, limit))
    return True


def crossing(load: DampinganLoad, limit: Limit) -> DampinganLimitCrossed:
    """Return the word that a count stands on the other side of its limit now."""
    return DampinganLimitCrossed.of(
        load,
        count=load.weighing,
        limit=limit.warn_above,
        side=LimitSide.ABOVE if load.above else LimitSide.BELOW,
    )
