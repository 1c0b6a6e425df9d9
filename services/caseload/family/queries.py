"""Queries for the age rule, and for a family's area on a day and desil."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import AgeRule, Desil, Kpm, KpmAnggota
from services.caseload.family.rules import Ages
from services.caseload.relocation.models import WilayahHistory
from services.caseload.visibility import require_visible
from shared.access import Actor


async def read_ages(session: AsyncSession, day: date) -> Ages:
    """Return the age rule in force on a day.

    The migration makes sure that there is one.
    """
    rule = sa.select(*(getattr(AgeRule, name) for name in Ages.__dataclass_fields__))
    return Ages(*(await session.execute(rule.where(AgeRule.valid.contains(day)))).one())


async def read_area_on(session: AsyncSession, kpm: Kpm, on: date) -> str:
    """Return the area where the family lived on a day."""
    former = sa.select(WilayahHistory.kode_wilayah).where(
        WilayahHistory.kpm_id == kpm.kpm_id,
        WilayahHistory.valid.contains(on),
        WilayahHistory.voided_on.is_(None),
    )
    return await session.scalar(former) or kpm.kode_wilayah


async def read_desil(session: AsyncSession, actor: Actor, kpm_id: UUID) -> Sequence[Desil]:
    """Return the family's desil of each snapshot, by scope, oldest first.

    Raises:
        NotFound: the family does not exist, or the actor may not read it.
    """
    await require_visible(session, actor, kpm_id)
    statement = sa.select(Desil).where(Desil.kpm_id == kpm_id, Desil.value.is_not(None))
    return (await session.scalars(statement.order_by(Desil.scope, Desil.snapshot))).all()


async def read_current_family(session: AsyncSession, is_person: sa.ColumnElement[bool]) -> UUID | None:
    """Return the family of a current member, None if row security hides it."""
    return await session.scalar(sa.select(KpmAnggota.kpm_id).where(is_person, KpmAnggota.left_on.is_(None)))
