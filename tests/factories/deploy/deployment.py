"""Starting a whole deployment as a person does, and what the machine itself says of its processes."""

import os
import random
import re
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.deployment import free_base
from deploy.local.place import Place, State
from deploy.postgres.embedded import EmbeddedPostgres
from tests.factories.deploy.processes import alive
from tests.factories.repository import ROOT

READY_WITHIN_SECONDS = 100


def environment(folder: Path, base: int, **more: str) -> dict[str, str]:
    mine = {"PYTHONPATH": str(ROOT), "FOLDER": str(folder), "PORT": str(base), "FRESH": "", "TRANSPORT": ""}
    return {**os.environ, **mine, **more}


def some_base() -> int:
    """A run of free ports; begun at random, so that two test processes do not meet."""
    return free_base(random.randrange(20_000, 30_000, 20))


def run(module: str, folder: Path, base: int, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=environment(folder, base, **more),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@dataclass
class Up:
    """A running `deploy.local.up`, and all that it said until it was ready."""

    process: subprocess.Popen[str]
    folder: Path
    base: int
    said: str

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
        said = until_it_says(process, "Ctrl-C stops everything")
        return cls(process, folder, base, said)

    @property
    def state(self) -> State:
        state = Place.of(self.folder).read()
        assert state is not None
        return state

    @property
    def seconds(self) -> float:
        found = re.search(r"ready after ([0-9.]+) s", self.said)
        assert found is not None
        return float(found[1])

    def stop(self) -> int:
        self.process.terminate()
        return self.ended()

    def kill(self) -> int:
        self.process.kill()
        return self.ended()

    def ended(self) -> int:
        status = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def forget(folder: Path) -> None:
    """Root's data lies outside of the folder, where nobody would look for it after the test."""
    if folder.exists():
        EmbeddedPostgres(folder).wipe()


def until_it_says(process: subprocess.Popen[str], words: str) -> str:
    """Return what it said up to these words; fail when it ends or takes too long."""
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + READY_WITHIN_SECONDS
    while words not in said:
        readable, _, _ = select.select([process.stdout], [], [], 1)
        # Past the file's own buffer, of which `select` knows nothing.
        part = os.read(process.stdout.fileno(), 65_536) if readable else b""
        said += part.decode()
        if (readable and not part) or time.monotonic() > deadline:
            process.kill()
            process.wait()
            process.stdout.close()
            raise AssertionError(said)
    return said


def descendants(pid: int) -> set[int]:
    """Every process below one, by what /proc says of parents."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def none_alive(pids: set[int]) -> bool:
    return not any(alive(pid) for pid in pids)
