"""Days on which something falls due, at their first moment in Jakarta."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shared.dates import midnight
from shared.jobs import schedule

ENDING = "dampingan_ending"


async def end_on(session: AsyncSession, day: date) -> None:
    """Let every dampingan that ends on a day be ended when it comes; a day that has passed is due at once."""
    await schedule(session, ENDING, midnight(day), subject_id=day)


def day_after(day: date) -> date:
    """Return the first day that a range up to and with `day` no longer covers."""
    return day + timedelta(days=1)
