"""The outage of partner A in scenario 9, and the passing of time."""

from datetime import UTC, datetime, timedelta

from shared.dates import JAKARTA
from tests.factories.referral.world import World

HOURS = 36


async def advance_hours(world: World, hours: int) -> None:
    """Advance the business clock by hours, and run the retries."""
    await world.referral.set_clock(datetime.now(UTC) + timedelta(hours=hours))
    await world.retry_now()


def day_after(hours: int) -> str:
    """Return the business date that many hours from now."""
    return str((datetime.now(JAKARTA) + timedelta(hours=hours)).date())
