"""The four databases' numbers side by side, per exit reason, compared with what chain.md 9 says of each scenario."""

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

WORDS = {
    "graduation": ("determined", "annulled", "effective"),
    "caseload": ("ended",),
    "registry": ("granted", "reversed", "net"),
    "referral": ("opened", "withdrawn", "live"),
}
# Per scenario and exit reason, only what is not zero.
EXPECTED: dict[int, dict[str, dict[str, int]]] = {
    1: {
        "SEJAHTERA_MANDIRI": {
            "determined": 7,
            "annulled": 1,
            "effective": 6,
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
            "ended": 1,
            "granted": 1,
            "net": 1,
            "opened": 1,
            "live": 1,
        },
    },
    # Two exits of one SK; one objected in term and was restored, one came back later by a usulan.
    8: {
        "SEJAHTERA_MANDIRI": {
            "determined": 2,
            "annulled": 1,
            "effective": 1,
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
class Compared:
    """One number of one service: what is expected and found, in all and where an exit reason differs."""

    scenario: int
    service: str
    number: str
    expected: int
    found: int
    differing: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return self.expected == self.found and not self.differing

    def as_json(self) -> dict[str, Any]:
        names = ("scenario", "service", "number", "expected", "found")
        return {name: getattr(self, name) for name in names}


async def compare(world: World, scenarios: Sequence[int] = ()) -> list[Compared]:
    """Count each scenario over its own families and pendamping, and print the table; what was not played is left out."""
    known = {int(number): ids for number, ids in world.place.scenarios().items()}
    found: list[Compared] = []
    counted: dict[int, dict[str, Any]] = {}
    for number in scenarios or sorted(known.keys() & EXPECTED.keys()):
        told = {
            service: await world.post(service, "/v1/numbers", known[number], OPERATOR) for service in SERVICES
        }
        counted[number] = told
        found += compared(number, told)
    world.console.print(by_reason(counted))
    world.console.print(totals(found))
    return found


def compared(scenario: int, told: Mapping[str, Any]) -> list[Compared]:
    """Each word of each service: the total, and whether every reason adds to it what it must."""
    return [
        Compared(
            scenario,
            service,
            word,
            sum(words.get(word, 0) for words in EXPECTED[scenario].values()),
            told[service]["totals"].get(word, 0),
            tuple(differing(scenario, told[service]["by_exit_reason"], word)),
        )
        for service, words in WORDS.items()
        for word in words
    ]


def differing(scenario: int, by_exit_reason: Mapping[str, Mapping[str, int]], word: str) -> list[str]:
    """The reasons that count something else, in words: nothing may have been counted under another reason."""
    wanted = Counter({reason: words.get(word, 0) for reason, words in EXPECTED[scenario].items()})
    has = Counter({reason: words.get(word, 0) for reason, words in by_exit_reason.items()})
    reasons = sorted(wanted.keys() | has.keys())
    return [f"{name} {has[name]}, not {wanted[name]}" for name in reasons if has[name] != wanted[name]]


def totals(found: Sequence[Compared]) -> Table:
    """The scenarios side by side, a line for each number."""
    scenarios = sorted({one.scenario for one in found})
    table = Table(title="The totals, as each service's own database counts them")
    table.add_column("service")
    table.add_column("counts")
    for number in scenarios:
        table.add_column(f"scenario {number}: expected", justify="right")
        table.add_column("found", justify="right")
        table.add_column("")
    for service, words in WORDS.items():
        for word in words:
            row = [one for one in found if (one.service, one.number) == (service, word)]
            table.add_row(service, word, *(cell for one in row for cell in cells(one)))
    return table


def cells(one: Compared) -> tuple[str, str, str]:
    if one.agrees:
        return str(one.expected), str(one.found), "[green]agrees[/]"
    return str(one.expected), str(one.found), f"[bold red]differs[/] {', '.join(one.differing)}"


def by_reason(counted: Mapping[int, Mapping[str, Any]]) -> Table:
    """What each reason adds, as found; a reason that counts nowhere has no line."""
    table = Table(title="Per exit reason, as found")
    for heading in ("scenario", "exit reason"):
        table.add_column(heading)
    named = [(service, word) for service, words in WORDS.items() for word in words]
    for _, word in named:
        table.add_column(word, justify="right")
    for number, told in counted.items():
        reasons = sorted({reason for service in told.values() for reason in service["by_exit_reason"]})
        for reason in reasons:
            found = [str(told[at]["by_exit_reason"].get(reason, {}).get(word, 0)) for at, word in named]
            table.add_row(str(number), reason, *found)
    return table


def write_json(found: Sequence[Compared], file: Path) -> None:
    """The totals for machines: [{scenario, service, number, expected, found}], written at once."""
    file.parent.mkdir(exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps([one.as_json() for one in found], indent=1) + "\n")
    draft.replace(file)
