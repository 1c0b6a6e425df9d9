"""`make bench` runs, shows its table, and leaves what a later run is compared with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.bench.figure import Aim, Figure, percentile
from tests.deploy.processes_seen import ROOT

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
@pytest.mark.parametrize("figure", ["worklists", "sk", "hand_over"])
def test_what_a_figure_writes_by_itself_fits_the_tables_as_they_are(figure: str, tmp_path: Path) -> None:
    """These fill tables past the services, so that nothing else sees a column that they do not know."""
    written = tmp_path / "bench.json"
    words = [sys.executable, "-m", "deploy.bench", "--quick", "--only", figure, "--to", written]
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
