"""Set and remove tahap of the calendar."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.decree.models import Penetapan
from services.graduation.policy.errors import (
    TahapClosed,
    TahapInUse,
    TahapNotLast,
    TahapOutOfOrder,
    TahapOverlaps,
)
from services.graduation.policy.models.calendar import TahapCalendar, TahapTerms
from services.graduation.policy.rules import LOCK_CALENDAR, read_calendar
from shared import clock
from shared.access import Actor
from shared.database import refuse_violations
from shared.dates import require_not_past
from shared.errors import NotFound, VersionJustSet


async def set_tahap(session: AsyncSession, actor: Actor, terms: TahapTerms) -> tuple[TahapCalendar, bool]:
    """Add a tahap to the calendar, or move a planned one.

    Return it, and whether its start has moved. Penetapan keep their forecast until they take effect.

    Raises:
        DateInThePast
        TahapOverlaps: Another tahap starts on that day.
        TahapOutOfOrder: An earlier tahap would come later, or a later one earlier.
        TahapClosed: The cut-off of the tahap has passed.
        VersionJustSet: Another request added the tahap.
    """
    await session.execute(LOCK_CALENDAR)
    today = await clock.today(session)
    tahap = await session.get(TahapCalendar, (terms.year, terms.number), with_for_update=True)
    has_moved = tahap is not None and tahap.starts_on != terms.starts_on
    if tahap is None:
        tahap = TahapCalendar(**dict(terms), set_by=actor.sub)
        session.add(tahap)
    elif tahap.cutoff_on < today:
        raise TahapClosed(tahap=tahap.tahap, on=tahap.cutoff_on)
    require_not_past(terms.cutoff_on, today, "/body/cutoff_on")
    tahap.starts_on, tahap.cutoff_on = terms.starts_on, terms.cutoff_on
    tahap.set_by, tahap.set_at = actor.sub, datetime.now(UTC)
    with refuse_violations(
        uq_tahap_calendar_starts_on=lambda: TahapOverlaps("/body/starts_on", on=terms.starts_on),
        pk_tahap_calendar=VersionJustSet,
    ):
        await session.flush()
    _require_order(await read_calendar(session), tahap)
    return tahap, has_moved


def _require_order(calendar: Sequence[TahapCalendar], tahap: TahapCalendar) -> None:
    """Require that start and cut-off of a tahap lie between those of its neighbours.

    Raises:
        TahapOutOfOrder
    """
    for other in calendar:
        comes_first = (other.year, other.number) < (tahap.year, tahap.number)
        days = [(other.starts_on, tahap.starts_on), (other.cutoff_on, tahap.cutoff_on)]
        if other is not tahap and any((theirs < own) != comes_first for theirs, own in days):
            raise TahapOutOfOrder("/body/starts_on", tahap=other.tahap, starts_on=other.starts_on)


async def remove_tahap(session: AsyncSession, year: int, number: int) -> TahapCalendar:
    """Remove the last tahap of the calendar, on which no penetapan is computed.

    Raises:
        NotFound, TahapClosed, TahapNotLast, TahapInUse
    """
    await session.execute(LOCK_CALENDAR)
    tahap = await session.get(TahapCalendar, (year, number), with_for_update=True)
    if tahap is None:
        raise NotFound("tahap")
    if tahap.cutoff_on < await clock.today(session):
        raise TahapClosed(tahap=tahap.tahap, on=tahap.cutoff_on)
    if (last := (await read_calendar(session))[-1]) is not tahap:
        raise TahapNotLast(tahap=last.tahap)
    statement = sa.select(Penetapan.graduasi_id).where(Penetapan.effective_tahap == tahap.tahap).limit(1)
    if await session.scalar(statement) is not None:
        raise TahapInUse(tahap=tahap.tahap)
    await session.delete(tahap)
    await session.flush()
    return tahap
