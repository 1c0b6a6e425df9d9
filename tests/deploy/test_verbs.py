"""deploy/run.py and requirements/ in a new clone."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.deploy.processes import is_alive, start_and_kill_parent, wait_until
from tests.factories.repository import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def run_verb(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "deploy/run.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_help_lists_the_verbs_of_the_makefile() -> None:
    output = run_verb("help").stdout
    verbs = re.search(r"^VERBS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert verbs is not None
    assert verbs[1].split() == re.findall(r"^  ([a-z-]+) ", output, re.MULTILINE)


def test_unknown_verb_is_refused_in_a_sentence() -> None:
    result = run_verb("dance")
    assert (result.returncode, result.stderr) == (1, "There is no verb 'dance'.\n")


def test_kafka_without_java_names_the_packages_to_install(tmp_path: Path) -> None:
    result = run_verb("up", TRANSPORT="kafka", PATH=str(tmp_path))
    assert result.returncode == 1
    assert "openjdk-17-jdk-headless and maven" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_ci_fails_if_kafka_tests_would_be_skipped(tmp_path: Path) -> None:
    result = run_verb("test", "--version", CI="true", PATH=str(tmp_path))
    assert result.returncode == 1
    assert "CI must run every test" in result.stderr


def test_run_imports_only_the_standard_library() -> None:
    imported = re.findall(r"^\s*(?:import|from) (\w+)", (ROOT / "deploy/run.py").read_text(), re.MULTILINE)
    assert set(imported) - {"__future__"} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_lock_pins_everything_by_hash_and_has_no_address(lock: Path) -> None:
    text = lock.read_text()
    pinned = re.findall(r"^\S+==\S+.*\n\s+--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-zA-Z]", text, re.MULTILINE)) > 0
    assert not re.search(r"https?://|--index|--extra-index|--find-links|\s/\w|file:", text)


def test_smaller_list_has_the_versions_of_the_larger() -> None:
    versions = [
        dict(
            re.findall(
                r"^(\S+?)(?:\[.*\])?==(\S+)", (ROOT / f"requirements/{x}.txt").read_text(), re.MULTILINE
            )
        )
        for x in ("base", "local", "dev")
    ]
    assert versions[0].items() <= versions[1].items() <= versions[2].items()


def test_installed_list_is_not_installed_again(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'deploy'); import run; from pathlib import Path; run.VENV = Path(sys.argv[1])\n"
        "w = run.REQUIREMENTS / 'dev.txt'; assert not run.is_installed(w); run.mark_installed(w)\n"
        "assert run.is_installed(w) and run.is_installed(run.REQUIREMENTS / 'base.txt')\n"
        "assert not run.is_installed(run.REQUIREMENTS / 'uv.txt')\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=ROOT, check=True)
    assert (tmp_path / ".installed-dev").read_text() == hashlib.sha256(
        (ROOT / "requirements/dev.txt").read_bytes()
    ).hexdigest()


def test_killing_make_stops_its_child() -> None:
    verb = "import sys, time; sys.path.insert(0, 'deploy'); import run; run.stop_with_make(); print(1, flush=True); time.sleep(60)"
    make = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {verb!r}], stdout=subprocess.PIPE, env=os.environ | {{'MAKELEVEL': '1'}})\n"
        "child.stdout.readline(); print(child.pid, flush=True); child.wait()\n"
    )
    _, line = start_and_kill_parent(make)
    assert wait_until(lambda: not is_alive(int(line)))
