"""Measurement of another commit's tree, in turns with this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.bench.comparison import Round, read_round
from deploy.child_process import Child
from deploy.local.data_folder import ROOT

STOP_TIMEOUT_SECONDS = 60


class NotMeasured(Exception):
    """The trees cannot be compared. The message is one sentence."""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Check the commit out into a temporary folder and remove it afterwards.

    Raises:
        NotMeasured: this is no git checkout, or it has no such commit.
    """
    with tempfile.TemporaryDirectory(prefix="pilar-against-") as folder:
        tree = Path(folder) / "tree"
        run_git("worktree", "add", "--quiet", "--detach", str(tree), f"{commit}^{{commit}}")
        try:
            share_jars(tree)
            yield tree
        finally:
            run_git("worktree", "remove", "--force", str(tree))


def run_git(*arguments: str) -> None:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise NotMeasured(f"git {arguments[0]} {arguments[1]} failed: {result.stderr.strip()}")


def share_jars(tree: Path) -> None:
    """Let the other tree use this tree's Kafka jars.

    The folder of the jars is named by the pom's digest, so different versions do not collide.
    """
    jars = ROOT / "build" / "kafka"
    jars.mkdir(parents=True, exist_ok=True)
    (tree / "build").mkdir()
    (tree / "build" / "kafka").symlink_to(jars)


def measure_in_turns(tree: Path, arguments: Sequence[str], rounds: int) -> tuple[list[Round], list[Round]]:
    """Measure both trees in turns and return the rounds of each."""
    this: list[Round] = []
    other: list[Round] = []
    for number in range(1, rounds + 1):
        for name, root, measured in (("this tree", ROOT, this), ("the other tree", tree, other)):
            print(f"Round {number} of {rounds}: {name}", file=sys.stderr, flush=True)
            measured.append(measure_tree(root, tree.parent, arguments))
    return this, other


def measure_tree(root: Path, folder: Path, arguments: Sequence[str]) -> Round:
    """Run a tree's own bench with its output in a file.

    Raises:
        NotMeasured: a figure failed.
    """
    result, log = folder / "bench.json", folder / "bench.log"
    result.unlink(missing_ok=True)
    with log.open("wb") as output:
        child = Child(
            [*bench_command(root), *arguments, "--to", result],
            environment=os.environ | {"PYTHONPATH": str(root)},
            folder=root,
            output=output,
        )
    try:
        status = child.wait()
    finally:
        child.stop(signal.SIGINT, timeout=STOP_TIMEOUT_SECONDS)
    if status or not result.exists():
        raise NotMeasured(
            f"The bench of {root} ended with {status}:\n{log.read_text(errors='replace')[-2000:]}"
        )
    return read_round(result)


def bench_command(root: Path) -> list[str]:
    """Use this process's environment if the requirements are the same, else another."""
    requirements = [folder / "requirements" / "dev.txt" for folder in (ROOT, root)]
    if requirements[0].read_bytes() == requirements[1].read_bytes():
        return [sys.executable, "-m", "deploy.bench"]
    return [sys.executable, str(root / "deploy" / "run.py"), "bench"]
