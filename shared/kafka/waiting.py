"""How long the client may be waited for."""

import asyncio
import contextlib
from typing import Any

START_WITHIN = 20
STOP_WITHIN = 3


async def bounded(waiting: Any, seconds: float = STOP_WITHIN) -> bool:
    """Wait no longer than `seconds`, and say whether it ended: with a dead broker the client's stop never does."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(seconds):
            await waiting
        return True
    return False
