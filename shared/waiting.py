"""Waits that several events can end."""

import asyncio


async def wait_for_any(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, at most so many seconds."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
