"""Days on which something falls due, at their first moment in Jakarta."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.jobs import schedule

ENDING = "dampingan_ending"


async def end_on(session: AsyncSession, day: date) -> None:
    """Let every dampingan that ends on a day be ended when it comes; a day that has passed is due at once."""
    await schedule(session, ENDING, midnight(day), subject_id=day)


def midnight(day: date) -> datetime:
    """Return the first moment of a day in Jakarta."""
    return datetime(day.year, day.month, day.day, tzinfo=clock.JAKARTA)


def day_after(day: date) -> date:
    """Return the first day that a range up to and with `day` no longer covers."""
    return day + timedelta(days=1)
