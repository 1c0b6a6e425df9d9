"""Child processes that end when this process ends, even when it is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
WATCHER = (
    "import os, sys\n"
    "sys.stdin.buffer.read()\n"
    "try:\n    os.kill(int(sys.argv[1]), int(sys.argv[2]))\n"
    "except OSError:\n    pass\n"
)


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that a child runs under."""

    name: str
    uid: int
    gid: int


class Child:
    """A running child process. `stop` ends it by its process id.

    The kernel's death signal is bound to the *thread* that forked the child. So each child has its own thread that forks
    it and waits for it, and a caller may run in a short-lived worker thread.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        account: Account | None = None,
        on_death: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        output: IO[bytes] | int | None = None,
    ) -> None:
        self._command = [str(word) for word in command]
        self._options: dict[str, object] = {
            "env": None if environment is None else dict(environment),
            "cwd": folder,
            "stdin": subprocess.DEVNULL,
            "stdout": output,
            "stderr": subprocess.STDOUT if output is not None else None,
            # Own process group: Ctrl-C reaches only the launcher, which stops the children in order.
            "process_group": 0,
            "preexec_fn": parent_death_hook(on_death),
            **_account_options(account),
        }
        self._on_death = on_death
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._fork_and_wait, name=f"child {self.name}", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def name(self) -> str:
        return Path(self._command[0]).name

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def returncode(self) -> int | None:
        """Return None while it runs. A negative number is the signal that ended it."""
        return self._running.poll()

    def send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            self._running.send_signal(number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process and return its exit code.

        Args:
            timeout: seconds, or None to wait without end.

        Raises:
            TimeoutError: the process still runs.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            message = f"{self.name} ({self.pid}) still runs after {timeout} s"
            raise TimeoutError(message)
        return self._running.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM, *, timeout: float = 15.0) -> int:
        """Send `number`, wait up to `timeout` seconds, then kill. Safe to call twice."""
        self.send(number)
        try:
            return self.wait(timeout)
        except TimeoutError:
            self.send(signal.SIGKILL)
            return self.wait(timeout)

    def kill(self) -> int:
        return self.stop(signal.SIGKILL)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            message = f"{self.name} was never started"
            raise RuntimeError(message)
        return self._process

    def _fork_and_wait(self) -> None:
        try:
            self._process = subprocess.Popen(self._command, **self._options)  # type: ignore[call-overload]
            self._watcher = _watch(self._process.pid, self._on_death)
        except BaseException as failure:  # noqa: BLE001  # raised in the constructor
            self._failure = failure
            return
        finally:
            self._started.set()
        self._process.wait()
        _end_watch(self._watcher)


def _account_options(account: Account | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def parent_death_hook(number: signal.Signals) -> Callable[[], None] | None:
    """Return the hook that binds the child's life to this process.

    Popen runs `preexec_fn` after it has changed the uid, which would clear the death signal, and before exec.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def set_death_signal() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the call
            os._exit(1)

    return set_death_signal


def _watch(pid: int, number: signal.Signals) -> subprocess.Popen[bytes] | None:
    """Start a process that reads a pipe which only this process keeps open.

    For systems without a death signal.
    """
    if sys.platform == "linux":
        return None
    return subprocess.Popen(
        [sys.executable, "-c", WATCHER, str(pid), str(int(number))], stdin=subprocess.PIPE, process_group=0
    )


def _end_watch(watcher: subprocess.Popen[bytes] | None) -> None:
    """Kill the watcher before its pipe closes.

    The child has ended and its process id may be reused, so the watcher must not send its signal.
    """
    if watcher is not None:
        watcher.kill()
        watcher.wait()
        with suppress(OSError):
            if watcher.stdin:
                watcher.stdin.close()
