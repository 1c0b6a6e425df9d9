"""Scheduling of ends of dampingan, at the first moment of a day in Jakarta."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shared.dates import midnight
from shared.jobs import schedule

END_DAMPINGAN = "dampingan.end"


async def schedule_dampingan_end(session: AsyncSession, day: date) -> None:
    """Schedule the job that ends the dampingan of a day.

    A past day is due at once.
    """
    await schedule(session, END_DAMPINGAN, midnight(day), subject_id=day)


def day_after(day: date) -> date:
    """Return the day after `day`: the end of a range that includes `day`."""
    return day + timedelta(days=1)
