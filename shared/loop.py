"""The event loop and the garbage collector of a service's process."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


SWITCH_SECONDS = 0.001
"""How long a thread may keep the event loop waiting."""


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` to its end, without collecting what was loaded before."""
    gc.collect()
    gc.freeze()
    # With Python's 5 ms PostgreSQL waits for each COPY while a thread reads the next rows (bench: intake).
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(main)


def fast_loop() -> Any:
    """Return the factory of uvloop's loop, or None where it is not available (Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
