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


def next_size(
    size: int,
    seconds: float,
    *,
    smallest: int = SMALLEST_STEP,
    largest: int = LARGEST_STEP,
    wanted_seconds: float = WANTED_SECONDS,
) -> int:
    """Return how many rows the next step takes, by how long this one took.

    By default a step takes under half a second with its commit.
    """
    wanted = min(largest, 2 * size, int(size * wanted_seconds / max(seconds, 0.001)))
    return max(smallest, wanted)
