"""Scenarios of docs/domain.md#scenarios, played in the demonstration and in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from deploy.demo.agenda import Scenario, play_by_date
from deploy.demo.aid import Aid
from deploy.demo.family_graduation import FamilyGraduation
from deploy.demo.ministry import Ministry
from deploy.demo.objection import Objection
from deploy.demo.world import TIMEOUT_SECONDS, NotAsExpected, World
from deploy.demo.year.year import Year
from deploy.invariants import Asked, databases, find_waiting, is_idle, violations


async def play(world: World, numbers: Sequence[int]) -> None:
    """Play scenarios, interleaved by date.

    Scenario 8 starts in January, before the demonstration's clock, so only tests play it.
    """
    async with AsyncExitStack() as stack:
        ministry = Ministry(world, stack, since="2026-01-01" if 8 in numbers else "2026-03-01")
        chosen: list[Scenario] = [ministry]
        if 1 in numbers:
            chosen.append(Year(world))
        if 2 in numbers:
            graduation = FamilyGraduation(world)
            chosen += [graduation, Aid(graduation, ministry)]
        if 8 in numbers:
            chosen.append(Objection(world, ministry))
        await play_by_date(world, chosen)


async def check_invariants(world: World) -> bool:
    """Check invariants I1 to I9 of docs/messaging.md#invariants once the four databases are idle."""
    services, bootstrap = databases(world.state.workers), world.state.bootstrap
    await world.wait_until_delivered()
    await wait_until_idle(world, services, bootstrap)
    faults = await violations(services, bootstrap, world.history)
    world.check("the invariants I1 to I9 hold", faults, [])
    return not faults


async def wait_until_idle(
    world: World, services: Mapping[str, Asked], bootstrap: str, seconds: float = TIMEOUT_SECONDS
) -> None:
    """Wait until all events are read and no work waits.

    Raises:
        NotAsExpected: Something still waits. The message lists it.
    """
    try:
        await world.wait_for("all services to be idle", lambda: is_idle(services, bootstrap), seconds=seconds)
    except NotAsExpected as error:
        message = f"{error} {await find_waiting(services, bootstrap)}"
        raise NotAsExpected(message) from error
