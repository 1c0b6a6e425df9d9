"""Deployments started as commands, and their processes."""

import os
import random
import re
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.data_folder import DataFolder, State
from deploy.local.deployment import free_base
from deploy.local.issuer import DevelopmentIssuer
from deploy.postgres.embedded import EmbeddedPostgres
from tests.factories.deploy.processes import is_alive
from tests.factories.repository import ROOT

READY_TIMEOUT_SECONDS = 100
# Of a test run, refused by `make up`.
TEST_VARIABLES = frozenset({"PILAR_PROVE", "PILAR_RANDOM_YEAR", "PILAR_SEED"})


def environment(folder: Path, base: int, **more: str) -> dict[str, str]:
    variables = {
        "PYTHONPATH": str(ROOT),
        "FOLDER": str(folder),
        "PORT": str(base),
        "FRESH": "",
        "TRANSPORT": "",
    }
    inherited = {name: value for name, value in os.environ.items() if name not in TEST_VARIABLES}
    return {**inherited, **variables, **more}


def choose_base() -> int:
    """Return the first of a range of free ports, from a random start.

    Random, so that two test processes do not choose the same ports.
    """
    return free_base(random.randrange(20_000, 30_000, 20))


def run_module(
    module: str, folder: Path, base: int, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(folder, base, **more),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@dataclass
class Up:
    """A running `deploy.local.up` with its output until it was ready."""

    process: subprocess.Popen[str]
    folder: Path
    base: int
    output: str

    @classmethod
    def start(cls, folder: Path, base: int, **more: str) -> "Up":
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.up"],
            cwd=ROOT,
            env=environment(folder, base, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output = read_until(process, "Ctrl-C stops everything")
        return cls(process, folder, base, output)

    @property
    def state(self) -> State:
        state = DataFolder.of(self.folder).read()
        assert state is not None
        return state

    @property
    def seconds(self) -> float:
        match = re.search(r"ready after ([0-9.]+) s", self.output)
        assert match is not None
        return float(match[1])

    def stop(self) -> int:
        self.process.terminate()
        return self.wait_for_end()

    def kill(self) -> int:
        self.process.kill()
        return self.wait_for_end()

    def wait_for_end(self) -> int:
        status = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def build_headers(folder: Path, name: str) -> dict[str, str]:
    issuer = DevelopmentIssuer(DataFolder.of(folder).issuer, "development")
    return {"Authorization": f"Bearer {issuer.demo_token(name)}"}


def remove_data(folder: Path) -> None:
    """Delete the server's data, which for root is outside of the folder."""
    if folder.exists():
        EmbeddedPostgres(folder).wipe()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Return the output up to a text. Fail if the process ends before."""
    assert process.stdout is not None
    output, deadline = "", time.monotonic() + READY_TIMEOUT_SECONDS
    while text not in output:
        readable, _, _ = select.select([process.stdout], [], [], 1)
        # Without the file's buffer, which `select` does not see.
        part = os.read(process.stdout.fileno(), 65_536) if readable else b""
        output += part.decode()
        if (readable and not part) or time.monotonic() > deadline:
            process.kill()
            process.wait()
            process.stdout.close()
            raise AssertionError(output)
    return output


def find_descendants(pid: int) -> set[int]:
    """Return all child processes of a process, from /proc."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    tree = {pid}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return tree - {pid}


def have_ended(pids: set[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)
