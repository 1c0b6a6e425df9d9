"""The outage of partner A in scenario 9, and the time that passes."""

from datetime import UTC, datetime, timedelta

from shared.dates import JAKARTA
from tests.factories.referral.world import World

HOURS = 36


async def hours_pass(world: World, hours: int) -> None:
    """Let real time pass for whoever waits, and business time with it."""
    await world.referral.set_clock(datetime.now(UTC) + timedelta(hours=hours))
    await world.retry_now()


def day_after(hours: int) -> str:
    """The business date so many hours from now, in Jakarta."""
    return str((datetime.now(JAKARTA) + timedelta(hours=hours)).date())
