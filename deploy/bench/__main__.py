"""`make bench`: every figure beside its floor, printed, and written to build/bench.json.

`--only NAME` measures one (several times for several), `--quick` with little work, to see that it runs; `--to FILE`.
`--against COMMIT` measures this tree and that commit in turns, and ends with status 1 where this tree is worse.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.bench.backlog import backlog
from deploy.bench.comparison import compare_rounds, comparison_table, names_not_compared
from deploy.bench.decisions import decisions
from deploy.bench.decree import sk
from deploy.bench.delivery import reaction, replica
from deploy.bench.figure import Figure, table_of, write
from deploy.bench.hand_over import hand_over
from deploy.bench.intake import intake
from deploy.bench.latency import latency
from deploy.bench.matching import matching
from deploy.bench.memory import memory
from deploy.bench.reads import reading
from deploy.bench.stage import Stage
from deploy.bench.worklists import worklists
from deploy.bench.worktree import NotMeasured, checked_out, measure_in_turns
from deploy.kafka.broker import missing
from deploy.local.place import ROOT
from deploy.local.up import end_on_signals

FIGURES: dict[str, Callable[..., Awaitable[list[Figure]]]] = {
    "memory": memory,
    "replica": replica,
    "latency": latency,
    "reaction": reaction,
    "intake": intake,
    "hand_over": hand_over,
    "reading": reading,
    "decisions": decisions,
    "sk": sk,
    "matching": matching,
    "worklists": worklists,
    "backlog": backlog,
}


async def measure(
    stage: Stage, names: Sequence[str], progress: Progress, broken: list[str], to: Path, *, quick: bool
) -> list[Figure]:
    """Measure one after another, each on processes of its own: two cores are soon shared out. `broken` takes who failed."""
    figures: list[Figure] = []
    task = progress.add_task("", total=len(names))
    for name in names:
        progress.update(task, description=name)
        began = time.monotonic()
        try:
            figures += await FIGURES[name](stage, quick=quick)
        except Exception:  # noqa: BLE001  # the others are still worth measuring
            progress.console.print_exception(max_frames=4)
            broken.append(name)
        write(figures, to)  # what was measured stays, also when a later figure is interrupted
        progress.console.print(f"  {name}: {time.monotonic() - began:.0f} s", style="dim")
        stage.end_all()
        await stage.close()
        progress.advance(task)
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    told = parse(arguments)
    if lacking := missing():
        print(f"{lacking} Every figure but a floor needs events to travel.", file=sys.stderr)
        return 1
    names = [name for name in FIGURES if not told.only or name in told.only]
    if told.against:
        return compare_with(told.against, names, told.rounds, quick=told.quick)
    broken: list[str] = []
    figures = run(names, broken, told.to, quick=told.quick)
    Console(width=160 if not sys.stdout.isatty() else None).print(table_of(figures))
    if broken:
        print(f"Not measured: {', '.join(broken)}.", file=sys.stderr)
    return 1 if broken else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Pilar's figures, each beside its floor.")
    parser.add_argument("--only", action="append", choices=list(FIGURES), help="measure this one")
    parser.add_argument(
        "--quick", action="store_true", help="little work: shows that it runs, measures nothing well"
    )
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "bench.json", metavar="FILE")
    parser.add_argument("--against", metavar="COMMIT", help="measure that commit too, in turns")
    parser.add_argument("--rounds", type=int, default=2, help="of each tree, with --against (at least 2)")
    told = parser.parse_args(arguments)
    if told.rounds < 2:
        parser.error("one round shows no spread")
    return told


def compare_with(commit: str, names: Sequence[str], rounds: int, *, quick: bool) -> int:
    """Print both trees' figures. Return 1 where this tree is worse or lacks a figure."""
    end_on_signals(130)
    words = [word for name in names for word in ("--only", name)] + (["--quick"] if quick else [])
    try:
        with checked_out(commit) as tree:
            this, other = measure_in_turns(tree, words, rounds)
    except NotMeasured as fault:
        print(fault, file=sys.stderr)
        return 1
    compared = compare_rounds(this, other)
    Console(width=160 if not sys.stdout.isatty() else None).print(comparison_table(compared, commit))
    if left := names_not_compared([*this, *other], compared):
        print(f"Not in every round of both trees: {'; '.join(left)}.", file=sys.stderr)
    return 1 if left or any(one.is_worse for one in compared) else 0


def run(names: Sequence[str], broken: list[str], to: Path, *, quick: bool) -> list[Figure]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(prefix="pilar-bench-") as folder,
        Progress(*columns, console=console) as progress,
    ):
        stage = Stage(Path(folder))
        try:
            stage.start()
            return uvloop.run(measure(stage, names, progress, broken, to, quick=quick))
        finally:
            stage.stop()


if __name__ == "__main__":
    sys.exit(main())
