"""`make demo`: play scenarios 1 and 2, exit 1 if a check fails.

The numbers are also written to build/demo.json. `python -m deploy.demo numbers` compares the numbers of the last
demonstration again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from rich.console import Console
from rich.markup import escape

from deploy.demo.numbers import Comparison, compare, write_json
from deploy.demo.outboxes import Outboxes
from deploy.demo.scenarios import check_invariants, play
from deploy.demo.world import NotAsExpected, World
from deploy.local.data_folder import ROOT, CannotRunHere, DataFolder, State, Transport, shown
from deploy.local.deployment import Deployment, free_base
from deploy.local.issuer import DevelopmentIssuer
from deploy.local.up import REFUSALS, configured, end_on_signals, report
from shared import loop

Action = Callable[[World], Awaitable[Sequence[Comparison]]]
SCENARIOS = (1, 2)
NUMBERS = ROOT / "build" / "demo.json"
OTHER_FOLDER = ".pilar-demo"


def main() -> int:
    end_on_signals(130)
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 140)
    try:
        if sys.argv[1:] == ["numbers"]:
            return compare_again(console)
        return demonstrate(console)
    except REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return 1


def demonstrate(console: Console) -> int:
    """Play on a running empty deployment, or on a separate one.

    A separate one is stopped at the end. The numbers of an earlier run are deleted first, so an interrupted run leaves none.
    """
    NUMBERS.unlink(missing_ok=True)
    requested = configured(os.environ)
    running = requested.data_folder.read()
    if running is not None and running.ready and not has_demo_data(requested.data_folder):
        if running.transport != requested.transport and "TRANSPORT" in os.environ:
            raise CannotRunHere(
                f"The deployment in {requested.data_folder.folder} has the transport {running.transport}. Stop it first."
            )
        console.print(f"Using the running deployment: {running.url('start')}")
        return loop.run(run_in(requested.data_folder, running, console, lambda: None, play_both))
    deployment = (
        requested
        if running is None and not requested.data_folder.used
        else separate_deployment(requested.transport, requested.data_folder)
    )
    state = deployment.start(fresh=deployment is not requested, report=report)
    try:
        console.print(f"Pilar is ready after {deployment.seconds['ready']:.1f} s: {state.url('start')}")
        return loop.run(run_in(deployment.data_folder, state, console, deployment.ended, play_both))
    finally:
        deployment.stop()


def has_demo_data(data_folder: DataFolder) -> bool:
    """Return whether a demonstration has written into this folder."""
    return bool(data_folder.people())


def separate_deployment(transport: Transport, used: DataFolder) -> Deployment:
    """Return a deployment in another folder on free ports.

    The numbers could not be compared over the data of an earlier run.
    """
    data_folder = DataFolder.of(used.folder.parent / OTHER_FOLDER)
    if data_folder.read() is not None:
        raise CannotRunHere(f"Another demonstration runs in {data_folder.folder}. Wait for it or stop it.")
    base = free_base()
    report(
        f"{used.folder} has data of an earlier run, so this one uses {data_folder.folder} and ports from {base}."
    )
    return Deployment(data_folder, transport=transport, base_port=base)


def compare_again(console: Console) -> int:
    data_folder = DataFolder.of(os.environ.get("FOLDER") or ".pilar")
    state = data_folder.read()
    if state is None or not data_folder.scenarios():
        raise CannotRunHere(
            f"No demonstration runs in {data_folder.folder}. Run make up and make demo first."
        )
    return loop.run(run_in(data_folder, state, console, lambda: None, compare))


async def run_in(
    data_folder: DataFolder, state: State, console: Console, ended: Callable[[], str | None], action: Action
) -> int:
    """Run `action` with a World. Return 0 if all checks passed and all numbers agree."""
    outboxes = await Outboxes.open(state.workers)
    world = World(
        data_folder, state, console, outboxes, ended, DevelopmentIssuer(data_folder.issuer, "development")
    )
    try:
        comparisons = await action(world)
    except NotAsExpected as error:
        console.print(f"[bold red]{escape(str(error))}[/]")
        return 1
    finally:
        await world.http.aclose()
        await outboxes.close()
    for sentence in world.failed:
        console.print(f"[bold red]Failed check:[/] {escape(sentence)}")
    write_json(comparisons, NUMBERS)
    return (
        0 if comparisons and all(comparison.agrees for comparison in comparisons) and not world.failed else 1
    )


async def play_both(world: World) -> list[Comparison]:
    """Play both scenarios, check the invariants and compare the numbers."""
    began = time.monotonic()
    await play(world, SCENARIOS)
    await check_invariants(world)
    for number, ids in world.data_folder.scenarios().items():
        command = f"make timeline KPM={ids['kpm_ids'][0]}{folder_of(world.data_folder)}"
        world.console.print(f"Timeline of a family of scenario {number}, while make up runs: {command}")
    world.console.print(f"{len(world.history)} commands in {time.monotonic() - began:.1f} s.")
    return await compare(world)


def folder_of(data_folder: DataFolder) -> str:
    """Return the FOLDER argument for a later `make`, empty for the default folder."""
    return "" if data_folder == DataFolder.of(".pilar") else f" FOLDER={shown(data_folder.folder)}"


if __name__ == "__main__":
    sys.exit(main())
