"""Queries for dampingan, gaps and limits."""

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
from services.caseload.tables import columns_of
from services.caseload.visibility import area_conditions, require_visible, select_kode_wilayah
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PilarKind
from shared.privacy import Vault, open_texts
from shared.validity import not_ended_by


def list_dampingan(
    actor: Actor, pendamping_id: UUID | None, kpm_id: UUID | None, *, over_limit: bool = False
) -> sa.Select[*tuple[Any, ...]]:
    """Select dampingan: a pendamping's own, for officials those of their areas by row security."""
    statement = sa.select(*columns_of(Dampingan, DampinganView), Dampingan.override_reason_sealed)
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Dampingan.pendamping_id == actor.pendamping_id)
    if pendamping_id is not None:
        statement = statement.where(Dampingan.pendamping_id == pendamping_id)
    if over_limit:
        statement = statement.where(Dampingan.over_limit)
    return statement.where(Dampingan.kpm_id == kpm_id) if kpm_id is not None else statement


def open_override_reason(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a listed dampingan with its override reason in clear text."""
    return open_texts(vault, row, ("override_reason",), table="dampingan", row_id=row["dampingan_id"])


async def read_responsible_on(
    session: AsyncSession, actor: Actor, kpm_id: UUID, on: date | None
) -> dict[str, Any]:
    """Return dampingan and gap of a family on a day, by default today.

    Raises:
        NotFound: the family does not exist, or the actor may not read it.
    """
    await require_visible(session, actor, kpm_id)
    day = on or await clock.today(session)
    statement = sa.select(*columns_of(Dampingan, ResponsibleItem)).where(
        Dampingan.kpm_id == kpm_id, Dampingan.valid.contains(day)
    )
    rows = await session.execute(statement.order_by(Dampingan.kind, Dampingan.dampingan_id))
    gaps = sa.select(DampinganGap).where(
        DampinganGap.kpm_id == kpm_id,
        DampinganGap.since <= day,
        sa.func.coalesce(DampinganGap.until > day, sa.true()),
    )
    gap = (await session.scalars(gaps)).one_or_none()
    return {"kpm_id": kpm_id, "on": day, "responsible": rows.mappings().all(), "gap": gap}


async def list_gaps(
    session: AsyncSession, actor: Actor, kode_wilayah: str | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select today's gaps of families that need a PKH pendamping, by `gap_id`."""
    today, row = await clock.today(session), DampinganGap
    statement = sa.select(*columns_of(row, GapOfFamily), row.until, select_kode_wilayah(row.kpm_id))
    needed = sa.func.needs_pendamping(row.kpm_id, today)
    statement = statement.where(not_ended_by(row.until, today), row.since <= today, needed)
    conditions = area_conditions(actor, kode_wilayah)
    return (
        statement.join(Kpm, Kpm.kpm_id == DampinganGap.kpm_id).where(*conditions) if conditions else statement
    )


LIMIT_ORDER = (DampinganLimit.kind, DampinganLimit.version)


def list_limits(kind: PilarKind | None, on: date | None) -> sa.Select[*tuple[Any, ...]]:
    """Select versions of limits, of a kind or in force on a day, by `LIMIT_ORDER`."""
    table = DampinganLimit
    statement = sa.select(*columns_of(table, DampinganLimitItem))
    if kind is not None:
        statement = statement.where(table.kind == kind)
    return statement if on is None else statement.where(table.valid.contains(on))
