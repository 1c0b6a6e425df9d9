"""The figures of two trees, measured in turns, side by side."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from deploy.bench.figure import shown
from deploy.services import SERVICES

TOLERANCE = 0.15
# Which service is the largest may differ between rounds; the figure is the same.
LARGEST = re.compile(rf": ({'|'.join(SERVICES)})$")
Round = Mapping[str, tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: the values of this tree and of the other, one for each round."""

    name: str
    unit: str
    this: Sequence[float]
    other: Sequence[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.this) / statistics.median(self.other)

    @property
    def spread(self) -> float:
        """The larger of the two trees' differences between rounds, as a share of the value."""
        return max(
            (max(values) - min(values)) / statistics.median(values) for values in (self.this, self.other)
        )

    @property
    def loss(self) -> float:
        """The share by which this tree is worse, negative where it is better."""
        return 1 - self.ratio if self.unit.endswith("/s") else self.ratio - 1

    @property
    def is_worse(self) -> bool:
        return self.loss > max(TOLERANCE, 2 * self.spread)


def read_round(file: Path) -> Round:
    """Return value and unit by name of what `--to FILE` has written."""
    figures = json.loads(file.read_text("utf-8"))
    return {LARGEST.sub("", one["name"]): (one["value"], one["unit"]) for one in figures}


def compare_rounds(this: Sequence[Round], other: Sequence[Round]) -> list[Comparison]:
    """Compare the figures that every round of both trees has."""
    return [
        Comparison(
            name,
            unit,
            [measured[name][0] for measured in this],
            [measured[name][0] for measured in other],
        )
        for name, (_, unit) in this[0].items()
        if all(name in measured for measured in (*this, *other))
    ]


def names_not_compared(rounds: Iterable[Round], compared: Iterable[Comparison]) -> list[str]:
    """Return the figures that some round lacks."""
    names = {name for measured in rounds for name in measured}
    return sorted(names - {one.name for one in compared})


def comparison_table(comparisons: Sequence[Comparison], commit: str) -> Table:
    table = Table(title=f"This tree beside {commit}, medians of rounds in turns", title_justify="left")
    for heading in ("figure", "unit"):
        table.add_column(heading)
    for heading in ("this", "other", "ratio", "spread", ""):
        table.add_column(heading, justify="right")
    for one in comparisons:
        values = (shown(statistics.median(one.this)), shown(statistics.median(one.other)))
        verdict = "[red]worse[/red]" if one.is_worse else ""
        table.add_row(one.name, one.unit, *values, f"{one.ratio:.2f}", f"{one.spread:.0%}", verdict)
    return table
