"""Agendas: the dated steps of scenarios, played in the order of their days."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from itertools import groupby
from typing import Protocol

from deploy.demo.world import World

Step = Callable[[], Awaitable[None]]
Agenda = list[tuple[str, Step]]


class Scenario(Protocol):
    """A scenario of docs/domain.md#scenarios with its dated steps. Number 0 prepares the others."""

    @property
    def number(self) -> int: ...

    def agenda(self) -> Agenda: ...


async def play_by_date(world: World, scenarios: Sequence[Scenario]) -> None:
    """Play all steps by date, and on one day scenario by scenario.

    The scenarios share one business clock, which must not go back.
    """
    entries = sorted_steps(scenarios)
    for on, of_day in groupby(entries, key=lambda entry: entry[0]):
        await world.day(on.isoformat())
        for number, of_scenario in groupby(of_day, key=lambda entry: entry[1]):
            if number:
                world.console.print(f"  [dim]scenario {number}[/]")
            for _, _, step in of_scenario:
                await step()


def sorted_steps(scenarios: Sequence[Scenario]) -> list[tuple[date, int, Step]]:
    """Return all steps sorted by day and scenario.

    The steps of a scenario keep their order.
    """
    entries = [
        (date.fromisoformat(on), scenario.number, step)
        for scenario in scenarios
        for on, step in scenario.agenda()
    ]
    return sorted(entries, key=lambda entry: entry[:2])
