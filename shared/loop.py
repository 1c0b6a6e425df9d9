"""How a service's process runs: on the fast loop where there is one, and with garbage looked for seldom."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
# Thousands of facts or rows are alive at once, none of them garbage: the interpreter's own thresholds (700, 10, 10)
# walked through all of them again and again, for more than half of the time that applying a batch took.
SELDOM = (50_000, 20, 50)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` to its end; what was loaded until now is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(main)


def fast_loop() -> Any:
    """Return the maker of uvloop's loop, or None where it is not built for (Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
