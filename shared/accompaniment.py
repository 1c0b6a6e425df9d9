"""Statuses of pendamping over time, and how late work may be entered (docs/case-lifecycle.md#rights).

Work is judged by its day. Each service keeps registry's statuses in a replica: one row per pendamping and first day.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus
from shared.database.tables import Col, Fields
from shared.errors import NotAllowed, NotYetKnown, PendampingInactive, WorkEnteredTooLate
from shared.validity import DaysFields, read_rule


class StatusFacts(Fields):
    """A pendamping's status from a day on, until the next one begins.

    A final status has no next one. Statuses that were planned for later days are void then.
    """

    pendamping_id: Col[UUID] = Field(primary_key=True)
    from_on: Col[date] = Field(primary_key=True)
    status: Col[PendampingStatus]


def status_on(table: Any, pendamping_id: Any, on: Any, column: str = "status") -> sa.ScalarSelect[str]:
    """Return a subquery for the status on a day, at the earliest the first.

    `table` has the columns of `StatusFacts`. It is NULL for an unknown pendamping. `column` is what the row of that
    status returns.
    """
    begun = table.from_on <= on
    final = sa.and_(begun, table.status.in_(FINAL_STATUSES))
    order = (
        begun.desc(),
        sa.case((final, table.from_on)).nulls_last(),
        sa.case((begun, table.from_on)).desc(),
        table.from_on,
    )
    statement = sa.select(getattr(table, column)).where(table.pendamping_id == pendamping_id)
    return statement.order_by(*order).limit(1).scalar_subquery()


def require_active(status: str | None, pointer: str | None = None) -> None:
    """Require that a pendamping was AKTIF.

    Raises:
        NotYetKnown: registry's events about the pendamping have not arrived.
        PendampingInactive
    """
    if status is None:
        raise NotYetKnown("pendamping", pointer)
    if status != PendampingStatus.AKTIF:
        raise PendampingInactive(pointer, status=status)


async def require_voidable(session: AsyncSession, actor: Actor, author: UUID | None, table: Any) -> None:
    """Require the author of a record, AKTIF or on leave, or an official.

    `table` has the columns of `StatusFacts`.

    Raises:
        NotAllowed: another pendamping. PendampingInactive
    """
    if actor.scope is not Scope.OWN_FAMILIES:
        return
    if author is None or actor.pendamping_id != author:
        raise NotAllowed
    status = await session.scalar(sa.select(status_on(table, author, await clock.today(session))))
    if status not in {PendampingStatus.AKTIF, PendampingStatus.CUTI}:
        raise PendampingInactive(status=status)


async def open_work_day(session: AsyncSession, on: date) -> None:
    """Let row security show the families that the pendamping accompanied on a day."""
    await session.execute(sa.select(sa.func.set_config("pilar.work_day", str(on), True)))  # noqa: FBT003


class LateEntryFields(DaysFields):
    """From a day on, how many days after its day work may be entered."""


async def require_recent(session: AsyncSession, table: Any, on: date, today: date, pointer: str) -> None:
    """Require a day of work that is not too long ago to be entered today.

    Raises:
        WorkEnteredTooLate
    """
    days = await read_rule(session, table.days, today)
    if (until := on + timedelta(days=days)) < today:
        raise WorkEnteredTooLate(pointer, on=on, until=until, days=days)
