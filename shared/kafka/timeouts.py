"""Timeouts for calls of the Kafka client."""

import asyncio
import contextlib
from typing import Any

START_WITHIN = 20
STOP_WITHIN = 3


async def wait_at_most(awaitable: Any, seconds: float = STOP_WITHIN) -> bool:
    """Wait at most `seconds` and return whether the call ended.

    With a dead broker the client's stop never ends.
    """
    with contextlib.suppress(Exception):
        async with asyncio.timeout(seconds):
            await awaitable
        return True
    return False
