"""A fork server that restarts killed children and lists them in a file."""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.child_process import Child
from deploy.local import forkserver
from deploy.local.data_folder import ROOT
from deploy.local.deployment import Deployment
from deploy.local.forkserver import ForkServer, Order

PIDS = "pids.json"


@dataclass(slots=True)
class ListingForkServer(ForkServer):
    """A fork server that restarts children however often they are killed, and lists them."""

    file: Path = Path(PIDS)

    def start(self, orders: Sequence[Order]) -> None:
        ForkServer.start(self, orders)
        self.write_pids()

    def is_exhausted(self, name: str) -> bool:
        del name
        return False

    def write_pids(self) -> None:
        temporary = self.file.with_suffix(".new")
        temporary.write_text(json.dumps({order.name: pid for pid, order in self.running.items()}))
        temporary.replace(self.file)


class KillableDeployment(Deployment):
    """A deployment whose processes can be killed by name."""

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
        return json.loads((self.data_folder.folder / PIDS).read_text())

    def kill(self, name: str) -> None:
        """Kill a process without warning."""
        os.kill(self.pids[name], signal.SIGKILL)


def main() -> int:
    file = Path(sys.argv[1])
    forkserver.load(sys.argv[2])
    while not file.exists():
        time.sleep(0.02)
    orders = [Order(**order) for order in json.loads(file.read_text())]
    file.unlink()
    server = ListingForkServer(file=file.with_name(PIDS))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    server.start(orders)
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
