"""Who was responsible for a family on a day, and which families nobody of PKH accompanies."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import (
    Dampingan,
    DampinganGap,
    DampinganLimit,
    DampinganLimitItem,
    DampinganView,
    GapOfFamily,
    ResponsibleItem,
)
from services.caseload.family.models import Kpm
from services.caseload.membership.models import Kepesertaan
from services.caseload.tables import columns_of
from services.caseload.visibility import area_of, require_sight, row_by_row, within
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import Bansos, PilarKind


def list_of(actor: Actor, pendamping_id: UUID | None, kpm_id: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Select dampingan; a pendamping's own alone, officials' by area through row security."""
    statement = sa.select(*columns_of(Dampingan, DampinganView))
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Dampingan.pendamping_id == actor.pendamping_id)
    if pendamping_id is not None:
        statement = statement.where(Dampingan.pendamping_id == pendamping_id)
    return statement.where(Dampingan.kpm_id == kpm_id) if kpm_id is not None else statement


async def responsible_on(
    session: AsyncSession, actor: Actor, kpm_id: UUID, on: date | None
) -> dict[str, Any]:
    """Return who accompanied a family on a day (today without one), and the gap where nobody of PKH did.

    Raises:
        NotFound: not the caller's to see.
    """
    await require_sight(session, actor, kpm_id)
    day = on or await clock.today(session)
    held = sa.select(*columns_of(Dampingan, ResponsibleItem)).where(
        Dampingan.kpm_id == kpm_id, Dampingan.valid.contains(day)
    )
    found = await session.execute(held.order_by(Dampingan.kind, Dampingan.dampingan_id))
    alone = sa.select(DampinganGap).where(
        DampinganGap.kpm_id == kpm_id,
        DampinganGap.since <= day,
        sa.func.coalesce(DampinganGap.until > day, sa.true()),
    )
    gap = (await session.scalars(alone)).one_or_none()
    return {"kpm_id": kpm_id, "on": day, "responsible": found.mappings().all(), "gap": gap}


async def list_gaps(
    session: AsyncSession, actor: Actor, kode_wilayah: str | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select the families in PKH that nobody of PKH accompanies today; by `gap_id`, which grows with time."""
    today = await clock.today(session)
    member = row_by_row(
        Kepesertaan.kpm_id == DampinganGap.kpm_id,
        Kepesertaan.bansos == Bansos.PKH,
        Kepesertaan.valid.contains(today),
    )
    statement = sa.select(*columns_of(DampinganGap, GapOfFamily), area_of(DampinganGap.kpm_id))
    statement = statement.where(DampinganGap.until.is_(None), DampinganGap.since <= today, member)
    narrowed = within(actor, kode_wilayah)
    return statement.join(Kpm, Kpm.kpm_id == DampinganGap.kpm_id).where(*narrowed) if narrowed else statement


LIMIT_ORDER = (DampinganLimit.kind, DampinganLimit.version)


def list_limits(kind: PilarKind | None, on: date | None) -> sa.Select[*tuple[Any, ...]]:
    """Return the select of versions, narrowed to a kind or to what holds on a day; order by `LIMIT_ORDER`."""
    table = DampinganLimit
    statement = sa.select(*columns_of(table, DampinganLimitItem))
    if kind is not None:
        statement = statement.where(table.kind == kind)
    return statement if on is None else statement.where(table.valid.contains(on))
