"""What is played on which day: each scenario is a list of its own, and one player goes through them by date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from itertools import groupby
from typing import Protocol

from deploy.demo.world import World

Step = Callable[[], Awaitable[None]]
Agenda = list[tuple[str, Step]]


class Scenario(Protocol):
    """Something to play: its number in domain.md 10 (0 is what all need), and its steps with the day of each."""

    @property
    def number(self) -> int: ...

    def agenda(self) -> Agenda: ...


async def play_by_date(world: World, scenarios: Sequence[Scenario]) -> None:
    """Play all steps in the order of their days, on one clock that never goes back; on a day, scenario by scenario."""
    entries = in_order(scenarios)
    for on, of_day in groupby(entries, key=lambda entry: entry[0]):
        await world.day(on.isoformat())
        for number, of_scenario in groupby(of_day, key=lambda entry: entry[1]):
            if number:
                world.console.print(f"  [dim]scenario {number}[/]")
            for _, _, step in of_scenario:
                await step()


def in_order(scenarios: Sequence[Scenario]) -> list[tuple[date, int, Step]]:
    """Every step with its day and its scenario's number; those of one scenario keep their order."""
    entries = [
        (date.fromisoformat(on), scenario.number, step)
        for scenario in scenarios
        for on, step in scenario.agenda()
    ]
    return sorted(entries, key=lambda entry: entry[:2])
