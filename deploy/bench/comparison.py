"""Comparison of the figures of two trees measured in turns."""

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
    """One figure: its values in this tree and in the other, one per round."""

    name: str
    unit: str
    this: Sequence[float]
    other: Sequence[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.this) / statistics.median(self.other)

    @property
    def spread(self) -> float:
        """The difference between rounds as a share of the median, the larger of both trees."""
        return max(
            (max(values) - min(values)) / statistics.median(values) for values in (self.this, self.other)
        )

    @property
    def loss(self) -> float:
        """The share by which this tree is worse. Negative if it is better."""
        return 1 - self.ratio if self.unit.endswith("/s") else self.ratio - 1

    @property
    def is_worse(self) -> bool:
        return self.loss > max(TOLERANCE, 2 * self.spread)


def read_round(file: Path) -> Round:
    """Return value and unit by figure name from a file that `--to` has written."""
    figures = json.loads(file.read_text("utf-8"))
    return {LARGEST.sub("", figure["name"]): (figure["value"], figure["unit"]) for figure in figures}


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
    """Return the names of the figures that at least one round lacks."""
    names = {name for measured in rounds for name in measured}
    return sorted(names - {comparison.name for comparison in compared})


def comparison_table(comparisons: Sequence[Comparison], commit: str) -> Table:
    table = Table(title=f"This tree compared with {commit}, medians of all rounds", title_justify="left")
    for heading in ("figure", "unit"):
        table.add_column(heading)
    for heading in ("this", "other", "ratio", "spread", ""):
        table.add_column(heading, justify="right")
    for comparison in comparisons:
        values = (shown(statistics.median(comparison.this)), shown(statistics.median(comparison.other)))
        verdict = "[red]worse[/red]" if comparison.is_worse else ""
        table.add_row(
            comparison.name,
            comparison.unit,
            *values,
            f"{comparison.ratio:.2f}",
            f"{comparison.spread:.0%}",
            verdict,
        )
    return table
