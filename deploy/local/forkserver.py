"""The fork server: loads the code once and forks all Python processes.

A dozen interpreters that each load the same packages need half a minute on a small machine. One that loads them and
forks needs a quarter of it. Each child gets its own environment and log.
"""

# The standard library's forkserver was measured on Python 3.11 with two busy cores, in four alternated runs each:
# - After kill -9 of the launcher its children end by a thread that reads a pipe. A child in SIGSTOP did not end, and kept
#   the server and the resource tracker running. Here the kernel's death signal ends all of them.
# - CPU seconds until ready: 6.9 (median; 6.6 to 7.7), here 6.3 (5.8 to 6.6). Each child imports the launcher again.
# - Memory of all processes (PSS): 602 MB, here 588 MB.
# - It inherits the launcher's environment, hides a failed import, and has no public function to wait for it.

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn

from deploy.child_process import parent_death_hook
from deploy.folder import write_private
from deploy.services import SERVICES

STOP_TIMEOUT_SECONDS = 15
# A child that ends so often within so many seconds cannot run here: restarting it would hide why.
ENDS_ALLOWED, ENDS_WITHIN_SECONDS = 2, 30.0
LOG_LINES = 10
SHARED = (
    "shared.http",
    "shared.worker",
    "shared.messaging.local",
    "uvicorn.logging",
    "uvloop",
    "httptools",
    "httpx",
)
KAFKA = ("shared.kafka.producer", "shared.kafka.source", "shared.kafka.topics")
SERVICE_MODULES = ("app", "worker")


@dataclass(frozen=True, slots=True)
class Order:
    """One process to start: a module with its arguments and its environment."""

    name: str
    module: str
    log: str
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()


def send(file: Path, orders: Sequence[Order]) -> None:
    """Write the orders that the fork server waits for.

    Only the owner can read the file. The server removes it after reading.
    """
    write_private(file, json.dumps([asdict(order) for order in orders]))


@dataclass(slots=True)
class ForkServer:
    """The child processes by id. One that ends unexpectedly is started again.

    If it ends again and again within seconds, all are stopped.
    """

    running: dict[int, Order] = field(default_factory=dict[int, Order])
    stopping: bool = False
    ends: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def start(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self.running[fork(order)] = order
        if self.stopping:  # a signal arrived while forking
            self._send(signal.SIGTERM)

    def stop(self, *_: object) -> None:
        self.stopping = True
        self._send(signal.SIGTERM)
        killer = threading.Timer(STOP_TIMEOUT_SECONDS, self._send, [signal.SIGKILL])
        killer.daemon = True
        killer.start()

    def wait(self) -> int:
        """Return 0 if all children ended after `stop`, 1 if one cannot run."""
        status = 0
        while self.running:
            pid, code = os.wait()
            order = self.running.pop(pid)
            if self.stopping:
                continue
            sentence = f"{order.name} ended with status {os.waitstatus_to_exitcode(code)}"
            if self.is_exhausted(order.name):
                status = 1
                report(f"{sentence} again. The last lines of {order.log}:\n{last_lines(Path(order.log))}")
                self.stop()
            else:
                report(f"{sentence} and was started again. Its log is {order.log}")
                self.start([order])
        return status

    def is_exhausted(self, name: str) -> bool:
        """Count an end of this child, and return whether it has ended too often."""
        now = time.monotonic()
        recent = [end for end in self.ends.get(name, ()) if end > now - ENDS_WITHIN_SECONDS]
        self.ends[name] = [*recent, now]
        return len(recent) >= ENDS_ALLOWED

    def _send(self, number: signal.Signals) -> None:
        for pid in list(self.running):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def report(sentence: str) -> None:
    """Print for the launcher, which repeats it in its terminal."""
    print(sentence, file=sys.stderr, flush=True)


def last_lines(log: Path, count: int = LOG_LINES) -> str:
    """Return the last lines of a log."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    return ""


def fork(order: Order) -> int:
    """Return the child's process id. In the child it does not return."""
    hook = parent_death_hook(signal.SIGKILL)
    read_end, write_end = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(write_end)
        if hook is not None:
            hook()
        else:
            threading.Thread(target=exit_with_parent, args=[read_end], daemon=True).start()
        run_child(order)
    os.close(read_end)  # the write end stays open until this process ends
    return pid


def exit_with_parent(pipe: int) -> None:
    """Exit when the pipe ends, which is when the parent ends.

    For systems without a death signal.
    """
    os.read(pipe, 1)
    os._exit(1)


def run_child(order: Order) -> NoReturn:
    """Run the ordered module and exit."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    code = 1
    try:
        log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        run_module(order)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # logged, then the child exits with status 1
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def run_module(order: Order) -> None:
    import uuid_utils

    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"pilar {order.name}"[:15])
    uuid_utils.reseed_rng()  # otherwise all forks would generate the same ids
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv = [order.module, *order.arguments]
    runpy.run_module(order.module, run_name="__main__", alter_sys=True)


def load(transport: str) -> None:
    """Import the modules that the processes share.

    Nothing here may read settings, start a thread or generate an id.
    """
    modules = [*SHARED, *(f"services.{service}.{part}" for service in SERVICES for part in SERVICE_MODULES)]
    for module in [*modules, *(KAFKA if transport == "kafka" else ())]:
        importlib.import_module(module)


def main() -> int:
    """Load the code, wait for the orders in FILE, and start them."""
    file, transport = Path(sys.argv[1]), sys.argv[2]
    load(transport)
    while not file.exists():
        time.sleep(0.02)
    orders = [Order(**order) for order in json.loads(file.read_text())]
    file.unlink()
    server = ForkServer()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    server.start(orders)
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
