"""Backpressure on bulk work (docs/messaging.md#relay): short steps, and none while many events are unsent."""

import asyncio
import time

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import raw

MAX_UNSENT = 8000
MAX_WAIT_SECONDS, CHECK_SECONDS = 0.5, 0.01
COUNT_UNSENT = "SELECT count(*) FROM (SELECT FROM platform.unsent LIMIT $1) AS unsent"
SMALLEST_STEP, LARGEST_STEP, TARGET_SECONDS = 50, 4000, 0.35


async def outbox_has_room(session: AsyncSession) -> bool:
    """Wait a short time until few events are unsent, and return whether it is so.

    Events of decisions would otherwise wait behind those of bulk work (bulk work yields).
    """
    connection, until = await raw(session), time.monotonic() + MAX_WAIT_SECONDS
    while (await connection.fetchval(COUNT_UNSENT, MAX_UNSENT) or 0) >= MAX_UNSENT:
        if time.monotonic() > until:
            return False
        await asyncio.sleep(CHECK_SECONDS)
    return True


def next_size(
    size: int,
    seconds: float,
    *,
    smallest: int = SMALLEST_STEP,
    largest: int = LARGEST_STEP,
    target_seconds: float = TARGET_SECONDS,
) -> int:
    """Return how many rows the next step takes, by how long this one took.

    By default a step takes under half a second, commit included.
    """
    rows = min(largest, 2 * size, int(size * target_seconds / max(seconds, 0.001)))
    return max(smallest, rows)
