"""deploy/bench/comparison.py: when a tree is worse than another."""

import json
from pathlib import Path

import pytest

from deploy.bench.comparison import Comparison, compare_rounds, names_not_compared, read_round


@pytest.mark.parametrize(
    ("unit", "this", "other", "worse"),
    [
        ("cases/s", [84, 84], [100, 100], True),
        ("cases/s", [86, 86], [100, 100], False),
        ("cases/s", [120, 120], [100, 100], False),
        ("ms", [11.6, 11.6], [10, 10], True),
        ("ms", [11.4, 11.4], [10, 10], False),
        ("MB", [8, 8], [10, 10], False),
        # Rounds of one tree differ by a fifth, so the loss must be more than two fifths.
        ("cases/s", [70, 70], [90, 110], False),
        ("cases/s", [55, 55], [90, 110], True),
    ],
)
def test_worse_is_beyond_15_percent_and_twice_the_spread(
    unit: str, this: list[float], other: list[float], worse: bool
) -> None:
    assert Comparison("x", unit, this, other).is_worse is worse


def test_figures_are_matched_by_name_whichever_service_is_the_largest(tmp_path: Path) -> None:
    rounds = []
    for service, value in (("caseload", 90), ("referral", 92)):
        file = tmp_path / f"{service}.json"
        memory = {"name": f"memory at rest, API, the largest: {service}", "value": value, "unit": "MB"}
        file.write_text(json.dumps([memory, {"name": f"only of {service}", "value": 1, "unit": "ms"}]))
        rounds.append(read_round(file))
    (memory,) = compare_rounds(rounds[:1], rounds[1:])
    assert (memory.name, memory.this, memory.other) == ("memory at rest, API, the largest", [90], [92])
    assert names_not_compared(rounds, [memory]) == ["only of caseload", "only of referral"]
