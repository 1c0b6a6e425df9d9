"""Counts of the four databases per exit reason, compared with the expected ones (docs/case-lifecycle.md#counts)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from deploy.demo.people import OPERATOR
from deploy.demo.world import World
from deploy.services import SERVICES

COUNTS = {
    "graduation": ("determined", "annulled", "effective", "credited"),
    "caseload": ("ended",),
    "registry": ("granted", "reversed", "net"),
    "referral": ("opened", "withdrawn", "live"),
}
# Per scenario and exit reason, only counts that are not zero.
EXPECTED: dict[int, dict[str, dict[str, int]]] = {
    1: {
        "SEJAHTERA_MANDIRI": {
            "determined": 7,
            "annulled": 1,
            "effective": 6,
            "credited": 6,
            "ended": 6,
            "granted": 7,
            "reversed": 1,
            "net": 6,
            "opened": 7,
            "withdrawn": 1,
            "live": 6,
        },
        "ALAMIAH": {"determined": 2, "effective": 2, "ended": 2, "opened": 2, "live": 2},
        "MENINGGAL": {"determined": 1, "effective": 1, "ended": 1},
        "PINDAH": {"determined": 1, "effective": 1, "ended": 1},
    },
    2: {
        "SEJAHTERA_MANDIRI": {
            "determined": 1,
            "effective": 1,
            "credited": 1,
            "ended": 1,
            "granted": 1,
            "net": 1,
            "opened": 1,
            "live": 1,
        },
    },
    # Two exits of one SK. One objected in term and was restored, one applied again later by a usulan.
    8: {
        "SEJAHTERA_MANDIRI": {
            "determined": 2,
            "annulled": 1,
            "effective": 1,
            "credited": 1,
            "ended": 1,
            "granted": 2,
            "reversed": 1,
            "net": 1,
            "opened": 2,
            "withdrawn": 1,
            "live": 1,
        },
    },
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One count of one service, expected and actual, in total and per exit reason."""

    scenario: int
    service: str
    number: str
    expected: int
    actual: int
    differences: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return self.expected == self.actual and not self.differences

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "service": self.service,
            "number": self.number,
            "expected": self.expected,
            "found": self.actual,
        }


async def compare(world: World, scenarios: Sequence[int] = ()) -> list[Comparison]:
    """Count each scenario over its own families and pendamping, and print the tables.

    A scenario that was not played is skipped.
    """
    played = {int(number): ids for number, ids in world.data_folder.scenarios().items()}
    comparisons: list[Comparison] = []
    counted: dict[int, dict[str, Any]] = {}
    for number in scenarios or sorted(played.keys() & EXPECTED.keys()):
        counts = {
            service: await world.post(service, "/v1/numbers", played[number], OPERATOR)
            for service in SERVICES
        }
        counted[number] = counts
        comparisons += compare_scenario(number, counts)
    world.console.print(by_reason(counted))
    world.console.print(totals(comparisons))
    return comparisons


def compare_scenario(scenario: int, counts: Mapping[str, Any]) -> list[Comparison]:
    """Compare the totals of each service, and the counts per exit reason."""
    return [
        Comparison(
            scenario,
            service,
            name,
            sum(expected.get(name, 0) for expected in EXPECTED[scenario].values()),
            counts[service]["totals"].get(name, 0),
            tuple(differences_of(scenario, counts[service]["by_exit_reason"], name)),
        )
        for service, names in COUNTS.items()
        for name in names
    ]


def differences_of(scenario: int, by_exit_reason: Mapping[str, Mapping[str, int]], name: str) -> list[str]:
    """Return a sentence for each exit reason with another count than expected."""
    expected = Counter({reason: counts.get(name, 0) for reason, counts in EXPECTED[scenario].items()})
    actual = Counter({reason: counts.get(name, 0) for reason, counts in by_exit_reason.items()})
    reasons = sorted(expected.keys() | actual.keys())
    return [
        f"{name} {actual[name]}, not {expected[name]}" for name in reasons if actual[name] != expected[name]
    ]


def totals(comparisons: Sequence[Comparison]) -> Table:
    """Return a table with a row per count and the scenarios side by side."""
    scenarios = sorted({comparison.scenario for comparison in comparisons})
    table = Table(title="Totals, counted by each service in its own database")
    table.add_column("service")
    table.add_column("counts")
    for number in scenarios:
        table.add_column(f"scenario {number}: expected", justify="right")
        table.add_column("found", justify="right")
        table.add_column("")
    for service, names in COUNTS.items():
        for name in names:
            row = [
                comparison
                for comparison in comparisons
                if (comparison.service, comparison.number) == (service, name)
            ]
            table.add_row(service, name, *(cell for comparison in row for cell in cells(comparison)))
    return table


def cells(comparison: Comparison) -> tuple[str, str, str]:
    numbers = str(comparison.expected), str(comparison.actual)
    if comparison.agrees:
        return *numbers, "[green]agrees[/]"
    return *numbers, f"[bold red]differs[/] {', '.join(comparison.differences)}"


def by_reason(counted: Mapping[int, Mapping[str, Any]]) -> Table:
    """Return a table of the counts per exit reason, without reasons that count nowhere."""
    table = Table(title="Counts per exit reason")
    for heading in ("scenario", "exit reason"):
        table.add_column(heading)
    columns = [(service, name) for service, names in COUNTS.items() for name in names]
    for _, name in columns:
        table.add_column(name, justify="right")
    for number, counts in counted.items():
        reasons = sorted({reason for service in counts.values() for reason in service["by_exit_reason"]})
        for reason in reasons:
            row = [
                str(counts[service]["by_exit_reason"].get(reason, {}).get(name, 0))
                for service, name in columns
            ]
            table.add_row(str(number), reason, *row)
    return table


def write_json(comparisons: Sequence[Comparison], file: Path) -> None:
    """Write the totals as [{scenario, service, number, expected, found}], atomically."""
    file.parent.mkdir(exist_ok=True)
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps([comparison.as_json() for comparison in comparisons], indent=1) + "\n")
    temporary.replace(file)
