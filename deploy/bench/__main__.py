"""`make bench`: measure figures and floors, print them, write build/bench.json.

`--only NAME` measures one figure and may be repeated. `--quick` does little work, to check that everything runs.
`--to FILE` writes elsewhere. `--against COMMIT` measures this tree and that commit in turns, and exits 1 where this
tree is worse.
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

from deploy.bench.audit import audit
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
from deploy.bench.testbed import Testbed
from deploy.bench.worklists import worklists
from deploy.bench.worktree import NotMeasured, checked_out, measure_in_turns
from deploy.kafka.broker import missing
from deploy.local.data_folder import ROOT
from deploy.local.up import end_on_signals

FIGURES: dict[str, Callable[..., Awaitable[list[Figure]]]] = {
    "memory": memory,
    "replica": replica,
    "latency": latency,
    "reaction": reaction,
    "intake": intake,
    "hand_over": hand_over,
    "reading": reading,
    "audit": audit,
    "decisions": decisions,
    "sk": sk,
    "matching": matching,
    "worklists": worklists,
    "backlog": backlog,
}


async def measure(
    testbed: Testbed, names: Sequence[str], progress: Progress, failed: list[str], to: Path, *, quick: bool
) -> list[Figure]:
    """Measure one figure after another, each on its own processes.

    The machine has two cores, so figures must not run at the same time. The names of failed figures go to `failed`.
    """
    figures: list[Figure] = []
    task = progress.add_task("", total=len(names))
    for name in names:
        progress.update(task, description=name)
        began = time.monotonic()
        try:
            figures += await FIGURES[name](testbed, quick=quick)
        except Exception:  # noqa: BLE001  # the other figures are measured all the same
            progress.console.print_exception(max_frames=4)
            failed.append(name)
        write(figures, to)  # after each figure, so that an interrupted run leaves what it has measured
        progress.console.print(f"  {name}: {time.monotonic() - began:.0f} s", style="dim")
        testbed.stop_processes()
        await testbed.close()
        progress.advance(task)
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if kafka_requirement := missing():
        print(f"{kafka_requirement} The figures need a Kafka broker.", file=sys.stderr)
        return 1
    names = [name for name in FIGURES if not options.only or name in options.only]
    if options.against:
        return compare_with(options.against, names, options.rounds, quick=options.quick)
    failed: list[str] = []
    figures = run(names, failed, options.to, quick=options.quick)
    Console(width=160 if not sys.stdout.isatty() else None).print(table_of(figures))
    if failed:
        print(f"Not measured: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure Pilar's figures and their floors."
    )
    parser.add_argument(
        "--only", action="append", choices=list(FIGURES), help="measure this figure; may be repeated"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="little work: checks that everything runs, the values mean nothing",
    )
    parser.add_argument(
        "--to",
        type=Path,
        default=ROOT / "build" / "bench.json",
        metavar="FILE",
        help="where to write the figures",
    )
    parser.add_argument(
        "--against", metavar="COMMIT", help="measure this commit too, in turns with this tree"
    )
    parser.add_argument(
        "--rounds", type=int, default=2, help="rounds of each tree with --against, at least 2"
    )
    options = parser.parse_args(arguments)
    if options.rounds < 2:
        parser.error("--rounds must be at least 2: one round has no spread")
    return options


def compare_with(commit: str, names: Sequence[str], rounds: int, *, quick: bool) -> int:
    """Print the figures of both trees. Return 1 if this tree is worse."""
    end_on_signals(130)
    arguments = [word for name in names for word in ("--only", name)] + (["--quick"] if quick else [])
    try:
        with checked_out(commit) as tree:
            this, other = measure_in_turns(tree, arguments, rounds)
    except NotMeasured as error:
        print(error, file=sys.stderr)
        return 1
    compared = compare_rounds(this, other)
    Console(width=160 if not sys.stdout.isatty() else None).print(comparison_table(compared, commit))
    if missing_names := names_not_compared([*this, *other], compared):
        print(f"Not in every round of both trees: {'; '.join(missing_names)}.", file=sys.stderr)
    return 1 if missing_names or any(comparison.is_worse for comparison in compared) else 0


def run(names: Sequence[str], failed: list[str], to: Path, *, quick: bool) -> list[Figure]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(prefix="pilar-bench-") as folder,
        Progress(*columns, console=console) as progress,
    ):
        testbed = Testbed(Path(folder))
        try:
            testbed.start()
            return uvloop.run(measure(testbed, names, progress, failed, to, quick=quick))
        finally:
            testbed.stop()


if __name__ == "__main__":
    sys.exit(main())
