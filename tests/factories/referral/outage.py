"""The outage of partner A in scenario 9, and the passing of time."""

from datetime import timedelta

from tests.factories.cluster import START
from tests.factories.referral.world import World

HOURS = 36


async def advance_hours(world: World, hours: int) -> None:
    """Advance the business clock to hours after the start, and run the retries."""
    await world.referral.set_clock(START + timedelta(hours=hours))
    await world.retry_now()


def day_after(hours: int) -> str:
    """Return the business date that many hours after the start."""
    return str((START + timedelta(hours=hours)).date())
