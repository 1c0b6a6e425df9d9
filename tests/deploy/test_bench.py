"""`make bench` measures figures and writes them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.bench.backlog import Drain
from deploy.bench.figure import Aim, Figure, percentile
from tests.factories.repository import ROOT

FIELDS = {"name", "value", "unit", "floor", "ratio", "aim", "met"}


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_figures_are_measured_with_their_floors_and_written(tmp_path: Path) -> None:
    """Figures insert rows by SQL, which no other test would compare with the tables.

    A hand-over after an intake checks that each figure registers its own pendamping.
    """
    output = tmp_path / "bench.json"
    names = ("reading", "worklists", "sk", "intake", "hand_over", "backlog")
    only = [word for name in names for word in ("--only", name)]
    command = [sys.executable, "-m", "deploy.bench", "--quick", *only, "--to", output]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    figures = json.loads(output.read_text("utf-8"))
    assert all(figure.keys() == FIELDS and figure["value"] > 0 for figure in figures)
    assert all(figure["name"] in result.stdout for figure in figures)
    readings = [figure for figure in figures if figure["aim"] == "≤ 1.8 of the floor"]
    assert len(readings) == 2
    for reading in readings:
        assert reading["floor"] > 0
        assert reading["ratio"] == pytest.approx(reading["value"] / reading["floor"], rel=0.02)
        assert reading["met"] is (reading["ratio"] <= 1.8)


def test_ratio_is_the_median_of_the_turns() -> None:
    figure = Figure.paired("x", "events/s", [50, 40, 1], [100, 100, 100], Aim("ratio", 0.4))
    assert (figure.value, figure.floor, figure.ratio, figure.met) == (40, 100, 0.4, True)


def test_aim_may_be_an_upper_bound_or_missing() -> None:
    assert Figure("x", 251, "ms", aim=Aim("value", 250, at_least=False)).met is False
    assert Figure("x", 1, "ms").as_json()["met"] is None


def test_percentile_is_a_measured_number() -> None:
    assert percentile([5, 1, 4, 2, 3], 50) == 3
    assert percentile(list(range(1000)), 99) == 990


def test_drain_has_the_rates_of_its_first_and_last_tenth() -> None:
    drain = Drain(1_000)
    for sent, at in ((100, 1.0), (100, 1.5), (900, 5.0), (1_000, 7.0)):
        drain.add(sent, at)
    assert (drain.rate(0, 0.1), drain.rate(0.9, 1)) == (100, 50)
    assert drain.rate(0, 1) == pytest.approx(1_000 / 7)
