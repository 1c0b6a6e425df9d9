"""`make bench` runs, shows its table, and leaves what a later run is compared with."""

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
def test_one_figure_is_measured_beside_its_floor_and_written(tmp_path: Path) -> None:
    written = tmp_path / "bench.json"
    words = [sys.executable, "-m", "deploy.bench", "--quick", "--only", "reading", "--to", written]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(written.read_text("utf-8"))
    assert [set(one) for one in found] == [FIELDS]
    assert found[0]["value"] > 0 < found[0]["floor"]
    assert found[0]["ratio"] == pytest.approx(found[0]["value"] / found[0]["floor"], rel=0.02)
    assert found[0]["aim"] == "≤ 2 of the floor"
    assert found[0]["met"] is (found[0]["ratio"] <= 2)
    assert found[0]["name"] in ran.stdout


@pytest.mark.timeout(240)
@pytest.mark.parametrize("figures", ["worklists", "sk", "intake hand_over", "backlog"])
def test_what_a_figure_writes_by_itself_fits_the_tables_as_they_are(figures: str, tmp_path: Path) -> None:
    """These fill tables past the services, so that nothing else sees a column that they do not know.

    A hand-over after an intake shares its pendamping: each figure's numbers must be its own.
    """
    written = tmp_path / "bench.json"
    only = [word for figure in figures.split() for word in ("--only", figure)]
    words = [sys.executable, "-m", "deploy.bench", "--quick", *only, "--to", written]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
    assert all(one["value"] > 0 for one in json.loads(written.read_text("utf-8")))


def test_a_ratio_is_the_median_of_turns_so_that_one_disturbed_turn_does_not_decide() -> None:
    figure = Figure.paired("x", "events/s", [50, 40, 1], [100, 100, 100], Aim("ratio", 0.4))
    assert (figure.value, figure.floor, figure.ratio, figure.met) == (40, 100, 0.4, True)


def test_an_aim_may_be_an_upper_bound_and_a_figure_may_have_none() -> None:
    assert Figure("x", 251, "ms", aim=Aim("value", 250, at_least=False)).met is False
    assert Figure("x", 1, "ms").as_json()["met"] is None


def test_a_percentile_is_a_number_that_was_measured() -> None:
    assert percentile([5, 1, 4, 2, 3], 50) == 3
    assert percentile(list(range(1000)), 99) == 990


def test_a_drain_compares_the_rates_of_its_first_and_last_tenth() -> None:
    drain = Drain(1_000)
    for sent, at in ((100, 1.0), (100, 1.5), (900, 5.0), (1_000, 7.0)):
        drain.add(sent, at)
    assert (drain.rate(0, 0.1), drain.rate(0.9, 1)) == (100, 50)
    assert drain.rate(0, 1) == pytest.approx(1_000 / 7)
