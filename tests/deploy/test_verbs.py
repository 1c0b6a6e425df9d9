"""deploy/run.py and requirements/: what a newcomer with a bare clone meets."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.deploy.processes import alive, kill_a_parent_that_runs, until
from tests.factories.repository import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "deploy/run.py", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_help_lists_every_verb_of_the_makefile_and_every_verb_works_by_one_of_them() -> None:
    told = run("help").stdout
    verbs = re.search(r"^VERBS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert verbs is not None
    assert verbs[1].split() == re.findall(r"^  (\w+) ", told, re.MULTILINE)


def test_an_unknown_verb_is_refused_in_a_sentence() -> None:
    told = run("dance")
    assert (told.returncode, told.stderr) == (1, "There is no verb 'dance'.\n")


def test_kafka_without_java_names_what_to_install(tmp_path: Path) -> None:
    told = run("up", TRANSPORT="kafka", PATH=str(tmp_path))
    assert told.returncode == 1
    assert "openjdk-17-jdk-headless and maven" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_ci_fails_where_a_person_is_told_that_kafka_is_left_out(tmp_path: Path) -> None:
    told = run("test", "--version", CI="true", PATH=str(tmp_path))
    assert told.returncode == 1
    assert "cannot go on without" in told.stderr


def test_run_is_the_standard_library_alone() -> None:
    imported = re.findall(r"^\s*(?:import|from) (\w+)", (ROOT / "deploy/run.py").read_text(), re.MULTILINE)
    assert set(imported) - {"__future__"} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_pins_everything_by_hash_and_names_no_address_and_no_place(lock: Path) -> None:
    text = lock.read_text()
    pinned = re.findall(r"^\S+==\S+.*\n\s+--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-zA-Z]", text, re.MULTILINE)) > 0
    assert not re.search(r"https?://|--index|--extra-index|--find-links|\s/\w|file:", text)


def test_a_smaller_list_is_held_to_the_larger_ones_versions() -> None:
    versions = [
        dict(
            re.findall(
                r"^(\S+?)(?:\[.*\])?==(\S+)", (ROOT / f"requirements/{x}.txt").read_text(), re.MULTILINE
            )
        )
        for x in ("base", "local", "dev")
    ]
    assert versions[0].items() <= versions[1].items() <= versions[2].items()


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'deploy'); import run; from pathlib import Path; run.VENV = Path(sys.argv[1])\n"
        "w = run.REQUIREMENTS / 'dev.txt'; assert not run.stamped(w); run.stamp(w)\n"
        "assert run.stamped(w) and run.stamped(run.REQUIREMENTS / 'base.txt')\n"
        "assert not run.stamped(run.REQUIREMENTS / 'uv.txt')\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=ROOT, check=True)
    assert (tmp_path / ".installed-dev").read_text() == hashlib.sha256(
        (ROOT / "requirements/dev.txt").read_bytes()
    ).hexdigest()


def test_killing_make_outright_stops_what_it_started() -> None:
    verb = "import sys, time; sys.path.insert(0, 'deploy'); import run; run.die_with_make(); print(1, flush=True); time.sleep(60)"
    make = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {verb!r}], stdout=subprocess.PIPE, env=os.environ | {{'MAKELEVEL': '1'}})\n"
        "child.stdout.readline(); print(child.pid, flush=True); child.wait()\n"
    )
    _, line = kill_a_parent_that_runs(make)
    assert until(lambda: not alive(int(line)))
