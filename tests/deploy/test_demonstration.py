"""deploy/demo: scenarios 1 and 2 over HTTP by one clock, and that it notices what differs."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from deploy.demo.__main__ import SCENARIOS
from deploy.demo.families import BAD_FAMILIES, MOTHER_NIK, family_csv
from deploy.demo.numbers import WORDS
from deploy.local.place import ROOT, Place
from tests.factories.deploy.deployment import Up, forget, run, some_base

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("machine")]


NUMBERS = [
    (scenario, service, word) for scenario in SCENARIOS for service, words in WORDS.items() for word in words
]
Demonstrated: TypeAlias = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstrated]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    told = run("deploy.demo", folder, some_base())
    assert told.returncode == 0, told.stdout + told.stderr
    # Kept now: whoever looks at the numbers again, as tests below do, writes them again.
    shutil.copy(ROOT / "build" / "demo.json", folder.parent / "demo.json")
    yield folder, told
    forget(folder)
    forget(folder.parent / ".pilar-demo")


def test_ends_with_0_and_every_then_of_both_scenarios(demonstrated: Demonstrated) -> None:
    told = demonstrated[1]
    assert told.returncode == 0, told.stdout + told.stderr
    assert "✗" not in told.stdout
    for then in (
        *(
            "her NIK parses as female",
            "born 12-11-1987",
            "each acted in one stage alone",
            "stop applies from tahap 3",
        ),
        *(
            "tahap 2 stays payable",
            "SEMBAKO goes on, its own decision pending",
            "PBI goes on, its own decision",
        ),
        *("KUR_SUPERMIKRO is proposed for MODAL", "PLUT_PENDAMPINGAN is proposed for PENDAMPINGAN"),
        *("KDMP_PASAR is proposed for PASAR", "BPJSTK_BPU is there too", "six monthly monitoring tasks"),
        *("registry counts 462 families on S", "S accompanies 342 families", "net score of S: 6 of 10"),
        *("S can no longer open a family of B", "has a target of 5", "no case is counted twice"),
    ):
        assert then in told.stdout
    assert told.stdout.count("agrees") == len(NUMBERS)
    assert "(I1 to I9)" in told.stdout


def test_plays_both_by_one_clock_that_never_goes_back(demonstrated: Demonstrated) -> None:
    days = re.findall(r"^\w+day (\d\d \w+ 202\d) ", demonstrated[1].stdout, re.MULTILINE)
    played = [datetime.strptime(day, "%d %B %Y") for day in days]  # noqa: DTZ007  # a date
    assert len(played) > 30
    assert played == sorted(set(played))
    scenarios = re.findall(r"^  scenario (\d)$", demonstrated[1].stdout, re.MULTILINE)
    assert len([one for one in pairwise(scenarios) if one[0] != one[1]]) > 8


def test_writes_the_numbers_for_machines(demonstrated: Demonstrated) -> None:
    assert demonstrated[1].returncode == 0
    told = json.loads((demonstrated[0].parent / "demo.json").read_text())
    assert {tuple(row) for row in told} == {("scenario", "service", "number", "expected", "found")}
    assert [(row["scenario"], row["service"], row["number"]) for row in told] == NUMBERS
    assert [row["found"] for row in told] == [row["expected"] for row in told]


def test_prints_each_fact_as_it_travels(demonstrated: Demonstrated) -> None:
    told = demonstrated[1].stdout
    road = ("kpm_registered", "kpm_assessed", "graduasi_determined", "credit_granted", "rujukan_opened")
    later = ("identity_sealed", "kpm_graduated", "kepesertaan_ended", "rujukan_delivered", "outcome_recorded")
    places = [told.index(f".{fact}.v1") for fact in (*road, *later)]
    assert places == sorted(places)


def test_no_personal_number_is_printed_or_logged(demonstrated: Demonstrated) -> None:
    folder, told = demonstrated
    logs = "".join(log.read_text() for log in (folder / "logs").glob("*.log"))
    for text in (told.stdout, told.stderr, logs):
        assert MOTHER_NIK not in text
        assert "Siti Contoh" not in text


def test_a_planted_difference_ends_with_1(demonstrated: Demonstrated) -> None:
    folder = demonstrated[0]
    up = Up.start(folder, some_base())
    try:
        kpm_id = Place.of(folder).people()["scenario-2"]["kpm_id"]
        same = run("deploy.demo", folder, up.base, "numbers")
        asyncio.run(plant(up.state.workers["referral"]))
        differs = run("deploy.demo", folder, up.base, "numbers")
        life = run("deploy.demo.life", folder, up.base, kpm_id)
        invariants = run("deploy.invariants", folder, up.base)
    finally:
        up.stop()
    assert same.returncode == 0, same.stdout + same.stderr
    assert differs.returncode == 1
    assert "differs" in differs.stdout
    assert "graduation.kpm_graduated" in life.stdout
    assert "from 4 services" in life.stdout
    assert invariants.returncode == 1
    assert "I7: case" in invariants.stdout


async def plant(worker: str) -> None:
    """A rujukan that is withdrawn in referral's own database, of which nobody was told."""
    connection = await asyncpg.connect(worker)
    await connection.execute("UPDATE rujukan SET state = 'DICABUT'")
    await connection.close()


@pytest.mark.kafka
def test_over_an_earlier_runs_data_it_begins_anew_elsewhere_and_on_kafka_all_is_the_same(
    demonstrated: Demonstrated,
) -> None:
    folder = demonstrated[0]
    told = run("deploy.demo", folder, some_base(), TRANSPORT="kafka")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "begins anew" in told.stderr
    assert told.stdout.count("agrees") == len(NUMBERS)
    assert Place.of(folder.parent / ".pilar-demo").used
    assert (folder / "transport").read_text() == "local\n"


def test_what_is_asked_of_a_folder_where_nothing_runs_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for module, words in (("deploy.demo", ["numbers"]), ("deploy.demo.life", ["0" * 32])):
        told = run(module, tmp_path, 8100, *words)
        assert told.returncode == 1
        assert len(told.stderr.splitlines()) == 1
        assert "make up" in told.stderr


def test_the_file_of_families_has_the_same_content_each_time_and_numbers_that_no_office_issued() -> None:
    content = family_csv("PD-1", 50)
    assert content == family_csv("PD-1", 50)
    rows = [line.split(",") for line in content.decode().splitlines()[1:]]
    niks = [row[1].strip('"') for row in rows]
    assert all(nik[12] == "9" for nik in niks if len(nik) == 16 and nik.isdigit())
    assert len({row[0] for row in rows}) == 50 + BAD_FAMILIES
