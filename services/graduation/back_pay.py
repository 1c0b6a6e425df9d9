"""Which tahap a decision that undoes an exit has to name: asked by who decides, and by the command that checks it."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import Penetapan, TahapCalendar


async def tahap_concerned(session: AsyncSession, graduasi_id: UUID, decided_on: date) -> list[str]:
    """Return the tahap whose list was closed without the family, or with its payment held, before a decision.

    They begin with the one from which the exit was to count, and end with the last whose cut-off has passed.
    """
    effective_on = (
        sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == graduasi_id).scalar_subquery()
    )
    closed = sa.select(TahapCalendar).where(
        TahapCalendar.starts_on >= effective_on, TahapCalendar.cutoff_on < decided_on
    )
    found = await session.scalars(closed.order_by(TahapCalendar.starts_on))
    return [tahap.tahap for tahap in found]
