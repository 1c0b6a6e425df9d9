"""Loads of placements, the limit of policy, and the event when a load crosses it."""

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
    """A version of the limit in families: warning above one number, refusal above the other."""

    version: int
    warn_above: int
    refuse_above: int


async def read_limit(session: AsyncSession, kind: PilarKind, day: date) -> Limit | None:
    """Return the limit of a kind on a day. Most kinds have none."""
    statement = sa.select(DampinganLimit.version, DampinganLimit.warn_above, DampinganLimit.refuse_above)
    conditions = (DampinganLimit.kind == kind, DampinganLimit.valid.contains(day))
    row = (await session.execute(statement.where(*conditions))).one_or_none()
    return Limit(*row) if row else None


async def lock_loads(session: AsyncSession, holders: Mapping[UUID, UUID]) -> dict[UUID, DampinganLoad]:
    """Lock and return the loads of placements, in the order of ids to avoid deadlocks.

    `holders` maps penugasan_id to pendamping_id.
    """
    if not holders:
        return {}
    ordered = sorted(holders)
    rows = [{"penugasan_id": p, "pendamping_id": holders[p], "weighing": 0} for p in ordered]
    await upsert(session, DampinganLoad, rows, key=["penugasan_id"], keep=["pendamping_id", "weighing"])
    loads = await session.scalars(
        sa.select(DampinganLoad)
        .where(DampinganLoad.penugasan_id.in_(ordered))
        .order_by(DampinganLoad.penugasan_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {load.penugasan_id: load for load in loads}


async def add_weight(
    session: AsyncSession,
    loads: Mapping[UUID, DampinganLoad],
    changes: Mapping[UUID, int],
    limit: Limit | None,
) -> None:
    """Change the loads of locked placements, and emit each that crosses the limit."""
    for penugasan_id, change in sorted(changes.items()):
        load = loads[penugasan_id]
        load.weighing += change
        emit_limit_crossing(session, load, limit)


def emit_limit_crossing(session: AsyncSession, load: DampinganLoad, limit: Limit | None) -> bool:
    """Emit a locked load that has crossed its limit since the last event.

    Return whether it has.
    """
    above = limit is not None and load.weighing > limit.warn_above
    if limit is None or above == load.above:
        return False
    load.above = above
    emit(session, to_event(load, limit))
    return True


def to_event(load: DampinganLoad, limit: Limit) -> DampinganLimitCrossed:
    """Return the event that a load has crossed its limit."""
    return DampinganLimitCrossed.of(
        load,
        count=load.weighing,
        limit=limit.warn_above,
        side=LimitSide.ABOVE if load.above else LimitSide.BELOW,
    )
