"""Terms and tahap: date arithmetic over policy and calendar."""

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.policy.errors import TahapNotPlanned
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.models.policy import Policy, TermStart, TermUnit
from shared.dates import months_after


def term_ends_on(policy: Policy, announced_on: date, sk_on: date) -> date:
    """Return the last day on which somebody may object."""
    start = sk_on if policy.sanggah_starts_from is TermStart.SK_ON else announced_on
    if policy.sanggah_unit is TermUnit.DAY:
        return start + timedelta(days=policy.sanggah_length)
    return months_after(start, policy.sanggah_length)


def effective_tahap(planned: Sequence[TahapCalendar], settled_on: date) -> TahapCalendar:
    """Return the first tahap whose cut-off is not before `settled_on`: the term's end, or a later decision.

    Raises:
        TahapNotPlanned: the calendar does not reach that far.
    """
    reachable = [tahap for tahap in planned if tahap.cutoff_on >= settled_on]
    if not reachable:
        raise TahapNotPlanned(on=settled_on)
    return min(reachable, key=lambda tahap: tahap.cutoff_on)


def last_payable(planned: Sequence[TahapCalendar], effective: TahapCalendar) -> str:
    """Return the tahap before the effective one, which the family is still paid.

    Before the first of the calendar lies a year of as many tahap as its own.
    """
    before = [tahap for tahap in planned if tahap.starts_on < effective.starts_on]
    if before:
        return max(before, key=lambda tahap: tahap.starts_on).tahap
    return f"{effective.year - 1}-{max(tahap.number for tahap in planned if tahap.year == effective.year)}"


async def calendar_of(session: AsyncSession) -> Sequence[TahapCalendar]:
    """Return the whole calendar, a few rows a year."""
    return (await session.scalars(sa.select(TahapCalendar).order_by(TahapCalendar.starts_on))).all()
