"""deploy/child_process.py: children end with the process that started them."""

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from deploy.child_process import Child
from tests.factories.deploy.processes import is_alive, start_and_kill_parent, wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
IGNORES_SIGTERM = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
]
AS_PARENT = """
import sys, time, threading
{before}
from deploy.child_process import Child
child = []
thread = threading.Thread(target=lambda: child.append(Child([sys.executable, "-c", "import time; time.sleep(60)"])))
thread.start()
thread.join()
print(child[0].pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("before", ["", "sys.platform = 'elsewhere'"], ids=["death signal", "pipe"])
def test_child_ends_with_its_parent_even_on_kill_9(before: str) -> None:
    _, line = start_and_kill_parent(AS_PARENT.format(before=before))
    assert wait_until(lambda: not is_alive(int(line)))


def test_child_outlives_the_thread_that_started_it() -> None:
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(Child(SLEEPER)))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert children[0].returncode is None
    assert children[0].stop() == -signal.SIGTERM


def test_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as output:
        child = Child(IGNORES_SIGTERM, output=output)
    assert wait_until(lambda: (tmp_path / "out").read_text() == "1\n")
    assert child.stop(timeout=0.3) == -signal.SIGKILL
    assert child.stop() == -signal.SIGKILL


def test_failed_start_is_raised_in_the_constructor(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Child([tmp_path / "nothing-here"])


def test_wait_has_a_timeout() -> None:
    child = Child(SLEEPER)
    with pytest.raises(TimeoutError, match="still runs"):
        child.wait(0.1)
    child.kill()
