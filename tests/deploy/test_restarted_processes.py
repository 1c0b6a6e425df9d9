"""deploy/local: data after a restart, and processes that are killed."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from deploy.local.deployment import answers
from tests.factories.deploy.deployment import (
    Up,
    build_headers,
    choose_base,
    find_descendants,
    have_ended,
    read_until,
    remove_data,
)
from tests.factories.deploy.processes import wait_until

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("machine")]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    remove_data(tmp_path / "data")


def set_target(up: Up, per_person: int) -> httpx.Response:
    body = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": per_person, "basis": "Kerangka kerja"}
    headers = {**build_headers(up.folder, "kemensos-1"), "Idempotency-Key": f"target-{per_person}"}
    return httpx.post(f"{up.state.url('registry')}/v1/target", json=body, headers=headers, trust_env=False)


def read_targets(up: Up) -> list[int]:
    url = f"{up.state.url('registry')}/v1/target?year=2026"
    answer = httpx.get(url, headers=build_headers(up.folder, "kemensos-1"), trust_env=False)
    return [item["per_person"] for item in answer.json()["items"]]


def test_data_survives_a_restart_and_kill_9_leaves_no_process(folder: Path) -> None:
    first = Up.start(folder, choose_base())
    assert set_target(first, 10).status_code == 201
    processes = find_descendants(first.process.pid)
    assert len(processes) > 8
    assert first.stop() == 0
    assert have_ended(processes)
    again = Up.start(folder, first.base)
    assert read_targets(again) == [10]
    processes = find_descendants(again.process.pid)
    assert again.kill() == -9
    assert wait_until(lambda: have_ended(processes), 30)


def find_processes(up: Up, name: str) -> list[int]:
    """Return the processes of this name. The kernel keeps fifteen characters of it."""

    def read_name(pid: int) -> str:
        with suppress(OSError):
            return Path(f"/proc/{pid}/comm").read_text().strip()
        return ""

    return [pid for pid in find_descendants(up.process.pid) if read_name(pid) == f"pilar {name}"[:15]]


def kill_process(up: Up, name: str) -> None:
    """Kill the process of this name with kill -9, as soon as it runs."""
    assert wait_until(lambda: bool(find_processes(up, name)))
    os.kill(find_processes(up, name)[0], signal.SIGKILL)


def test_killed_process_is_started_again_until_it_ends_again_and_again(folder: Path) -> None:
    up = Up.start(folder, choose_base())
    assert set_target(up, 10).status_code == 201
    for name in ("graduation", "registry", "delivery", "jobs", "start", "graduation"):
        kill_process(up, name)
        output = read_until(up.process, "and was started again").strip()
        assert output.startswith(f"{name} ended with status -9 and was started again. Its log is ")
        assert len(output.splitlines()) == 1
    for name, page in (("registry", "readyz"), ("graduation", "readyz"), ("delivery", "metrics")):
        assert wait_until(partial(answers, f"{up.state.url(name)}/{page}"))
    assert read_targets(up) == [10]
    assert set_target(up, 11).status_code == 201
    check_end(up, folder)


def check_end(up: Up, folder: Path) -> None:
    """Check that a process that is killed a third time stops all."""
    processes = find_descendants(up.process.pid)
    kill_process(up, "graduation")
    assert up.process.stdout is not None
    output = up.process.stdout.read()
    assert up.wait_for_end() == 1
    assert f"graduation ended with status -9 again. The last lines of {folder}/logs/graduation.log:" in output
    assert (folder / "logs/graduation.log").read_text().splitlines()[-1] in output
    assert wait_until(lambda: have_ended(processes), 30)
