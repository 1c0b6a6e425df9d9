"""The event loop of a process is not kept waiting by its threads."""

import sys

import pytest

from shared import loop


async def read_interval() -> float:
    return sys.getswitchinterval()


def test_a_thread_keeps_the_loop_waiting_for_a_millisecond() -> None:
    before = sys.getswitchinterval()
    try:
        assert loop.run(read_interval()) == pytest.approx(loop.SWITCH_SECONDS) == pytest.approx(0.001)
    finally:
        sys.setswitchinterval(before)
