"""A fork server that restarts killed children and lists them in a file."""

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.child_process import Child
from deploy.local import forkserver
from deploy.local.deployment import Deployment
from deploy.local.forkserver import ForkServer, Order, fork
from deploy.local.place import ROOT

PIDS = "pids.json"
REST_SECONDS = 0.1


@dataclass(slots=True)
class Undying(ForkServer):
    """The children by process id; one that ends unasked is begun anew, as an orchestrator would."""

    file: Path = Path(PIDS)

    def begin(self, orders: list[Order]) -> None:
        ForkServer.begin(self, orders)
        self.say()

    def wait(self) -> int:
        while self.running:
            pid, _ = os.wait()
            order = self.running.pop(pid)
            if not self.asked:
                time.sleep(REST_SECONDS)
                self.running[fork(order)] = order
                self.say()
        return 0

    def say(self) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps({order.name: pid for pid, order in self.running.items()}))
        draft.replace(self.file)


class MortalDeployment(Deployment):
    """A deployment whose processes may be killed with `kill`, each of them by its own id."""

    def _start_forkserver(self) -> None:
        self._orders.unlink(missing_ok=True)
        with self._log("processes").open("ab") as log:
            self._processes = Child(
                [
                    sys.executable,
                    "-m",
                    "tests.factories.journeys.killable_processes",
                    self._orders,
                    self.transport,
                ],
                on_death=signal.SIGKILL,
                environment=self._environment("processes"),
                folder=ROOT,
                output=log,
            )

    @property
    def pids(self) -> dict[str, int]:
        return json.loads((self.place.folder / PIDS).read_text())

    def kill(self, name: str) -> None:
        """As the machine would, without a word."""
        os.kill(self.pids[name], signal.SIGKILL)


def main() -> int:
    file = Path(sys.argv[1])
    forkserver.load(sys.argv[2])
    while not file.exists():
        time.sleep(0.02)
    orders = [Order(**order) for order in json.loads(file.read_text())]
    file.unlink()
    undying = Undying(file=file.with_name(PIDS))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, undying.stop)
    undying.begin(orders)
    return undying.wait()


if __name__ == "__main__":
    sys.exit(main())
