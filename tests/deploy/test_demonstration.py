"""deploy/demo: scenarios 1 and 2 over HTTP, and failed comparisons."""

import asyncio
import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from deploy.demo.__main__ import SCENARIOS
from deploy.demo.families import BAD_FAMILIES, MOTHER_NIK, family_csv
from deploy.demo.numbers import COUNTS
from deploy.local.data_folder import ROOT, DataFolder
from services.caseload.family.rules import USUAL_AGES, Ages, komponen_fault
from tests.factories.collector import Collected, collect_spans
from tests.factories.deploy.deployment import Up, choose_base, remove_data, run_module

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("machine")]


AGES = Ages(able_from=16, able_below=60, lansia_from=60, without_nik_below=5)
NUMBERS = [
    (scenario, service, name) for scenario in SCENARIOS for service, names in COUNTS.items() for name in names
]
Demonstrated: TypeAlias = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def finished_demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstrated]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    result = run_module("deploy.demo", folder, choose_base())
    assert result.returncode == 0, result.stdout + result.stderr
    # Copied now, because the tests below compare again and overwrite the file.
    shutil.copy(ROOT / "build" / "demo.json", folder.parent / "demo.json")
    yield folder, result
    remove_data(folder)
    remove_data(folder.parent / ".pilar-demo")


def test_every_check_of_both_scenarios_passes(finished_demonstration: Demonstrated) -> None:
    result = finished_demonstration[1]
    assert result.returncode == 0, result.stdout + result.stderr
    assert "✗" not in result.stdout
    for sentence in (
        "her NIK parses as female",
        "born 12-11-1987",
        "each acted in one stage only",
        "stop applies from tahap 3",
        "tahap 2 stays payable",
        "SEMBAKO continues, its own decision is pending",
        "PBI continues, its own decision",
        "KUR_SUPERMIKRO is proposed for MODAL",
        "PLUT_PENDAMPINGAN is proposed for PENDAMPINGAN",
        "KDMP_PASAR is proposed for PASAR",
        "BPJSTK_BPU is there too",
        "six monthly monitoring tasks",
        "registry counts 462 families on S",
        "the limit of 450 is exceeded",
        "the preview counts 120 families, two open cases, then 341 and 120",
        "S accompanies 341 families",
        "no limit is exceeded",
        "S can no longer open a family of B",
        "also of a family of T",
        "net score of S: 6 of 10 (7 granted, 1 reversed)",
        "natural exits, death and move are not counted",
        "no case is counted twice",
        "T, in service since July, has a target of 5, and no credit of S's",
        "S accompanies 334 at the year's end, T 118",
        "ten memberships have ended on 1 October",
        "two are still under review",
    ):
        assert sentence in result.stdout
    assert result.stdout.count("agrees") == len(NUMBERS)
    assert "the invariants I1 to I9 hold" in result.stdout


def test_both_scenarios_share_a_clock_that_never_goes_back(finished_demonstration: Demonstrated) -> None:
    days = re.findall(r"^\w+day (\d\d \w+ 202\d) ", finished_demonstration[1].stdout, re.MULTILINE)
    played = [datetime.strptime(day, "%d %B %Y") for day in days]  # noqa: DTZ007  # a date
    assert len(played) > 30
    assert played == sorted(set(played))
    scenarios = re.findall(r"^  scenario (\d)$", finished_demonstration[1].stdout, re.MULTILINE)
    assert len([pair for pair in pairwise(scenarios) if pair[0] != pair[1]]) > 8


def test_numbers_are_written_as_json(finished_demonstration: Demonstrated) -> None:
    assert finished_demonstration[1].returncode == 0
    rows = json.loads((finished_demonstration[0].parent / "demo.json").read_text())
    assert {tuple(row) for row in rows} == {("scenario", "service", "number", "expected", "found")}
    assert [(row["scenario"], row["service"], row["number"]) for row in rows] == NUMBERS
    assert [row["found"] for row in rows] == [row["expected"] for row in rows]


def test_events_are_printed_in_order(finished_demonstration: Demonstrated) -> None:
    output = finished_demonstration[1].stdout
    first = ("kpm_registered", "kpm_assessed", "graduasi_determined", "credit_granted", "rujukan_opened")
    later = ("identity_sealed", "kpm_graduated", "kepesertaan_ended", "rujukan_delivered", "outcome_recorded")
    positions = [output.index(f".{event}.v1") for event in (*first, *later)]
    assert positions == sorted(positions)


def test_no_personal_number_is_printed_or_logged(finished_demonstration: Demonstrated) -> None:
    folder, result = finished_demonstration
    logs = "".join(log.read_text() for log in (folder / "logs").glob("*.log"))
    for text in (result.stdout, result.stderr, logs):
        assert MOTHER_NIK not in text
        assert "Siti Aminah" not in text


def test_a_planted_difference_ends_with_1(finished_demonstration: Demonstrated) -> None:
    folder = finished_demonstration[0]
    up = Up.start(folder, choose_base())
    try:
        kpm_id = DataFolder.of(folder).people()["scenario-2"]["kpm_id"]
        same = run_module("deploy.demo", folder, up.base, "numbers")
        asyncio.run(plant(up.state.workers["referral"]))
        differs = run_module("deploy.demo", folder, up.base, "numbers")
        timeline = run_module("deploy.demo.timeline", folder, up.base, kpm_id)
        invariants = run_module("deploy.invariants", folder, up.base)
    finally:
        up.stop()
    assert same.returncode == 0, same.stdout + same.stderr
    assert differs.returncode == 1
    assert "differs" in differs.stdout
    assert "graduation.kpm_graduated" in timeline.stdout
    assert "of 4 services" in timeline.stdout
    assert invariants.returncode == 1
    assert "I7: case" in invariants.stdout


async def plant(worker: str) -> None:
    """Withdraw a rujukan in referral's database, without an event."""
    connection = await asyncpg.connect(worker)
    await connection.execute("UPDATE rujukan SET state = 'DICABUT'")
    await connection.close()


@pytest.mark.kafka
def test_second_run_uses_another_folder_and_kafka_gives_the_same_numbers(
    finished_demonstration: Demonstrated,
) -> None:
    folder = finished_demonstration[0]
    with collect_spans() as collected:
        more = {"TRANSPORT": "kafka", "PILAR_TRACES_ENDPOINT": collected.endpoint}
        result = run_module("deploy.demo", folder, choose_base(), **more)
    assert result.returncode == 0, result.stdout + result.stderr
    check_traces(collected)
    assert "has data of an earlier run" in result.stderr
    assert result.stdout.count("agrees") == len(NUMBERS)
    assert DataFolder.of(folder.parent / ".pilar-demo").used
    assert (folder / "transport").read_text() == "local\n"


def check_traces(collected: Collected) -> None:
    """A decision is one trace, from its request in graduation to the rows in referral."""
    spans = {(one.trace, one.span): one for one in collected.spans}
    rows = [one for one in collected.spans if "INSERT INTO rujukan_program (" in one.statement]
    assert rows
    applied = [spans[row.trace, row.parent] for row in rows]
    assert {(one.service, one.name) for one in applied} == {("pilar-referral", "apply graduation")}
    requests = {spans[one.trace, one.parent] for one in applied}
    assert {one.service for one in requests} == {"pilar-graduation"}
    assert all(one.name.startswith("POST /v1/") for one in requests)
    # Without a request and an event there is no trace: relays and jobs ask several times a second.
    assert {one.name.partition(" ")[0] for one in collected.spans if not one.parent} <= {
        "GET",
        "POST",
        "apply",
    }


def test_folder_without_a_deployment_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for module, arguments in (("deploy.demo", ["numbers"]), ("deploy.demo.timeline", ["0" * 32])):
        result = run_module(module, tmp_path, 8100, *arguments)
        assert result.returncode == 1
        assert len(result.stderr.splitlines()) == 1
        assert "make up" in result.stderr


def test_family_file_is_reproducible_and_has_unissued_numbers() -> None:
    content = family_csv("PD-1", 50)
    assert content == family_csv("PD-1", 50)
    rows = [line.split(",") for line in content.decode().splitlines()[1:]]
    niks = [row[1].strip('"') for row in rows]
    assert all(nik[12] == "9" for nik in niks if len(nik) == 16 and nik.isdigit())
    assert len({row[0] for row in rows}) == 50 + BAD_FAMILIES


def test_families_have_fitting_ages_several_desa_and_names_of_both_sexes() -> None:
    rows = [*csv.DictReader(io.StringIO(family_csv("PD-1", 200).decode()))]
    rows = [row for row in rows if row["birth_date"] < "2026"]
    children = [row for row in rows if row["komponen"]]
    for row in children:
        kind = row["komponen"].partition(":")[0]
        assert komponen_fault(kind, row["sex"], read_age(row), AGES) is None, row
    assert {row["komponen"].partition(":")[0] for row in children} == {*USUAL_AGES}
    mothers = {row["no_kk"]: row["birth_date"] for row in rows if row["relation"] == "ISTRI"}
    children = [row for row in children if row["no_kk"] in mothers]
    assert all(int(row["birth_date"][:4]) - int(mothers[row["no_kk"]][:4]) >= 16 for row in children)
    assert len({row["kode_wilayah"] for row in rows}) > 100
    by_sex = [{row["name"] for row in rows if row["sex"] == sex} for sex in "PL"]
    assert min(map(len, by_sex)) > 100
    assert not by_sex[0] & by_sex[1]


def read_age(row: dict[str, str]) -> int:
    return int((date(2026, 3, 1) - date.fromisoformat(row["birth_date"])).days / 365.25)
