"""`make demo`: a pendamping's year and one family's road through all four services; exit 1 on anything that differs.

The numbers are written to build/demo.json too. `python -m deploy.demo numbers` compares those of the last
demonstration again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from rich.console import Console
from rich.markup import escape

from deploy.demo.numbers import Compared, compare, write_json
from deploy.demo.outboxes import Outboxes
from deploy.demo.scenarios import conserved, play
from deploy.demo.world import NotAsExpected, World
from deploy.local.deployment import Deployment, free_base
from deploy.local.issuer import DevelopmentIssuer
from deploy.local.place import ROOT, CannotRunHere, Place, State, Transport, shown
from deploy.local.up import REFUSALS, configured, end_on_signals, say
from shared import loop

Play = Callable[[World], Awaitable[Sequence[Compared]]]
SCENARIOS = (1, 2)
NUMBERS = ROOT / "build" / "demo.json"
OTHER_FOLDER = ".pilar-demo"


def main() -> int:
    end_on_signals(130)
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 140)
    again = sys.argv[1:] == ["numbers"]
    try:
        if again:
            return look_again(console)
        return demonstrate(console)
    except REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return 1


def demonstrate(console: Console) -> int:
    """On what runs already and is empty; else on a deployment of its own, stopped at the end.

    Numbers of an earlier run are gone from now on: where this one breaks off, there are none.
    """
    NUMBERS.unlink(missing_ok=True)
    wanted = configured(os.environ)
    running = wanted.place.read()
    if running is not None and running.ready and not demonstrated(wanted.place):
        if running.transport != wanted.transport and "TRANSPORT" in os.environ:
            raise CannotRunHere(
                f"What runs on {wanted.place.folder} has the transport {running.transport}; stop it first."
            )
        console.print(f"Using what runs already: {running.url('start')}")
        return loop.run(act_in(wanted.place, running, console, lambda: None, both))
    deployment = (
        wanted if running is None and not wanted.place.used else elsewhere(wanted.transport, wanted.place)
    )
    state = deployment.start(fresh=deployment is not wanted, say=say)
    try:
        console.print(f"Pilar is ready after {deployment.seconds['ready']:.1f} s: {state.url('start')}")
        return loop.run(act_in(deployment.place, state, console, deployment.ended, both))
    finally:
        deployment.stop()


def demonstrated(place: Place) -> bool:
    """Whether a demonstration, whole or not, has written into this folder."""
    return bool(place.people())


def elsewhere(transport: Transport, used: Place) -> Deployment:
    """Over an earlier run's data nothing could be counted: a fresh folder, on ports that are free."""
    place = Place.of(used.folder.parent / OTHER_FOLDER)
    if place.read() is not None:
        raise CannotRunHere(f"Another demonstration runs on {place.folder}; wait for it, or stop it.")
    base = free_base()
    say(
        f"{used.folder} holds an earlier run's data, so this begins anew in {place.folder}, from port {base}."
    )
    return Deployment(place, transport=transport, base_port=base)


def look_again(console: Console) -> int:
    place = Place.of(os.environ.get("FOLDER") or ".pilar")
    state = place.read()
    if state is None or not place.scenarios():
        raise CannotRunHere(f"No demonstration runs on {place.folder}; run make up and make demo first.")
    return loop.run(act_in(place, state, console, lambda: None, compare))


async def act_in(
    place: Place, state: State, console: Console, ended: Callable[[], str | None], act: Play
) -> int:
    """0 when everything was as it must be."""
    outboxes = await Outboxes.open(state.workers)
    world = World(place, state, console, outboxes, ended, DevelopmentIssuer(place.issuer, "development"))
    try:
        found = await act(world)
    except NotAsExpected as fault:
        console.print(f"[bold red]{escape(str(fault))}[/]")
        return 1
    finally:
        await world.http.aclose()
        await outboxes.close()
    for sentence in world.failed:
        console.print(f"[bold red]Not as it must be:[/] {escape(sentence)}")
    write_json(found, NUMBERS)
    return 0 if found and all(one.agrees for one in found) and not world.failed else 1


async def both(world: World) -> list[Compared]:
    """The year of scenario 1 and the family of scenario 2, by one clock; what must hold between the databases; the table."""
    began = time.monotonic()
    await play(world, SCENARIOS)
    await conserved(world)
    for number, ids in world.place.scenarios().items():
        asked = f"make life KPM={ids['kpm_ids'][0]}{folder_of(world.place)}"
        world.console.print(f"The life of a family of scenario {number}, while it runs (make up): {asked}")
    world.console.print(f"{len(world.history)} commands in {time.monotonic() - began:.1f} s.")
    return await compare(world)


def folder_of(place: Place) -> str:
    """What names the folder to a later `make`, where it is not the usual one."""
    return "" if place == Place.of(".pilar") else f" FOLDER={shown(place.folder)}"


if __name__ == "__main__":
    sys.exit(main())
