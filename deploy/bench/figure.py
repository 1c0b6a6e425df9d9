"""A figure with its floor and its aim, and how figures are shown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound on the value itself, or on its ratio to the floor."""

    of: Literal["value", "ratio"]
    bound: float
    at_least: bool = True

    def met(self, value: float, ratio: float | None) -> bool:
        measured = value if self.of == "value" else ratio
        if measured is None:
            return False
        return measured >= self.bound if self.at_least else measured <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {shown(self.bound)}" + (" of the floor" if self.of == "ratio" else "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is value divided by floor.

    A figure without an aim is shown for comparison only.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    aim: Aim | None = None

    @classmethod
    def paired(
        cls, name: str, unit: str, values: Sequence[float], floors: Sequence[float], aim: Aim | None = None
    ) -> Self:
        """Return the medians of values and floors that were measured in turns.

        `ratio` is the median of the ratios of the turns, not the ratio of the medians.
        """
        ratio = statistics.median(value / floor for value, floor in zip(values, floors, strict=True))
        return cls(name, statistics.median(values), unit, statistics.median(floors), ratio, aim)

    @property
    def met(self) -> bool | None:
        return self.aim.met(self.value, self.ratio) if self.aim else None

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "floor": rounded(self.floor),
            "ratio": rounded(self.ratio),
            "aim": str(self.aim) if self.aim else None,
            "met": self.met,
        }


def rounded(number: float | None) -> float | None:
    """Round to three significant digits, but never round the whole part of a number."""
    if number is None or abs(number) >= 1000:
        return None if number is None else float(round(number))
    return float(f"{number:.3g}")


def shown(number: float | None) -> str:
    if number is None:
        return ""
    short = rounded(number)
    return f"{short:,.0f}" if short == int(short or 0) else f"{short:,}"


def percentile(numbers: Sequence[float], percent: float) -> float:
    """Return the smallest number that is not below `percent` percent of the numbers."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table_of(figures: Sequence[Figure]) -> Table:
    table = Table(title="Pilar's figures, each with its floor from the same run", title_justify="left")
    for heading in ("figure", "value", "unit", "floor", "ratio", "aim", "met"):
        table.add_column(heading, justify="left" if heading in {"figure", "unit", "aim"} else "right")
    marks = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}
    for figure in figures:
        numbers = (shown(figure.floor), shown(figure.ratio), str(figure.aim or ""))
        table.add_row(figure.name, shown(figure.value), figure.unit, *numbers, marks[figure.met])
    return table


def write(figures: Sequence[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([figure.as_json() for figure in figures], indent=2, ensure_ascii=False) + "\n")
