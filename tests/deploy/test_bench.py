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
@pytest.mark.timeout(240)
def test_one_figure_is_measured_with_its_floor_and_written(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "deploy.bench", "--quick", "--only", "reading", "--to", output]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    figures = json.loads(output.read_text("utf-8"))
    assert [set(figure) for figure in figures] == [FIELDS]
    figure = figures[0]
    assert figure["value"] > 0 < figure["floor"]
    assert figure["ratio"] == pytest.approx(figure["value"] / figure["floor"], rel=0.02)
    assert figure["aim"] == "≤ 2 of the floor"
    assert figure["met"] is (figure["ratio"] <= 2)
    assert figure["name"] in result.stdout


@pytest.mark.timeout(240)
@pytest.mark.parametrize("figures", ["worklists", "sk", "intake hand_over", "backlog"])
def test_sql_of_figures_matches_the_tables(figures: str, tmp_path: Path) -> None:
    """These figures insert rows by SQL, which no other test would compare with the tables.

    A hand-over after an intake checks that each figure registers its own pendamping.
    """
    output = tmp_path / "bench.json"
    only = [word for figure in figures.split() for word in ("--only", figure)]
    command = [sys.executable, "-m", "deploy.bench", "--quick", *only, "--to", output]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    assert all(figure["value"] > 0 for figure in json.loads(output.read_text("utf-8")))


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
