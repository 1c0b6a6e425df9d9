"""Scenarios of domain.md 10 as they are played: in the demonstration, and as journeys in the tests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from deploy.demo.agenda import Scenario, play_by_date
from deploy.demo.aid import Aid
from deploy.demo.family_graduation import FamilyGraduation
from deploy.demo.ministry import Ministry
from deploy.demo.objection import Objection
from deploy.demo.world import World
from deploy.demo.year.year import Year
from deploy.invariants import is_idle, databases, violations


async def play(world: World, numbers: Sequence[int]) -> None:
    """Play these scenarios, interleaved by date. Scenario 8 begins in January, where only a test's clock may stand."""
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


async def conserved(world: World) -> bool:
    """Hold I1 to I9 of reliability.md against the four databases at rest, with what this run has asked."""
    services, bootstrap = databases(world.state.workers), world.state.bootstrap
    await world.heard()
    await world.until("everything to come to rest", lambda: is_idle(services, bootstrap))
    faults = await violations(services, bootstrap, world.history)
    world.check("nothing is lost, doubled or counted otherwise elsewhere (I1 to I9)", faults, [])
    return not faults
