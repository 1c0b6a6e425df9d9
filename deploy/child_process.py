"""Children that never outlive the process that started them, not even when it is killed outright."""

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
    """A running process. `stop` ends it by its own id; so does the death of this process, with `on_death`.

    The kernel ties a child to the *thread* that forked it, so each has a thread that forks it and
    waits for it: whoever calls from a short-lived worker thread loses nothing.
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
            # A group of its own: Ctrl-C reaches the launcher alone, and the launcher stops in order.
            "process_group": 0,
            "preexec_fn": tie_to_parent(on_death),
            **_under(account),
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
        """None while it runs; negative is the signal that ended it."""
        return self._running.poll()

    def send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            self._running.send_signal(number)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; TimeoutError after `timeout` seconds."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            message = f"{self.name} ({self.pid}) still runs after {timeout} s"
            raise TimeoutError(message)
        return self._running.wait()

    def stop(self, ask: signal.Signals = signal.SIGTERM, *, patience: float = 15.0) -> int:
        """Ask, wait up to `patience` seconds, then kill. Safe to call twice."""
        self.send(ask)
        try:
            return self.wait(patience)
        except TimeoutError:
            self.send(signal.SIGKILL)
            return self.wait(patience)

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
        except BaseException as failure:  # noqa: BLE001  # raised again in the caller's thread
            self._failure = failure
            return
        finally:
            self._started.set()
        self._process.wait()
        _end_watch(self._watcher)


def _under(account: Account | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def tie_to_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Python runs this in the child after it has changed uid, which would clear the tie, and before exec."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie


def _watch(pid: int, number: signal.Signals) -> subprocess.Popen[bytes] | None:
    """Where the kernel has no such tie, a watcher reads a pipe that only this process holds open."""
    if sys.platform == "linux":
        return None
    return subprocess.Popen(
        [sys.executable, "-c", WATCHER, str(pid), str(int(number))], stdin=subprocess.PIPE, process_group=0
    )


def _end_watch(watcher: subprocess.Popen[bytes] | None) -> None:
    """The child is gone, and its number may be another's soon: the watcher goes before its pipe closes."""
    if watcher is not None:
        watcher.kill()
        watcher.wait()
        with suppress(OSError):
            if watcher.stdin:
                watcher.stdin.close()
