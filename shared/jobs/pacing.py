"""How bulk work goes: steps that fit their time, and none while much waits to be told (architecture.md)."""

import asyncio
import time

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import raw

DEEPEST_UNSENT = 1000
WAIT_SECONDS, LOOK_AGAIN_SECONDS = 0.5, 0.01
UNSENT = "SELECT count(*) FROM (SELECT FROM platform.unsent LIMIT $1) AS waiting"
SMALLEST_STEP, LARGEST_STEP, WANTED_SECONDS = 50, 4000, 0.35


async def has_room(session: AsyncSession) -> bool:
    """Wait a little until little waits to be told: decisions would wait behind it (architecture.md: bulk work yields)."""
    connection, until = await raw(session), time.monotonic() + WAIT_SECONDS
    while (await connection.fetchval(UNSENT, DEEPEST_UNSENT) or 0) >= DEEPEST_UNSENT:
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return True


def next_size(size: int, seconds: float) -> int:
    """Return how many rows the next step takes, by what this one took: under half a second with its commit."""
    wanted = min(LARGEST_STEP, 2 * size, int(size * WANTED_SECONDS / max(seconds, 0.001)))
    return max(SMALLEST_STEP, wanted)
