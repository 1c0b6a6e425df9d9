"""Each service starts with only its own folder and shared, as in its image."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.child_process import Child
from deploy.local.issuer import DevelopmentIssuer
from deploy.postgres.databases import create_service_database
from deploy.postgres.embedded import EmbeddedPostgres
from shared.privacy.hpke import SealingKey
from shared.privacy.vault import make_keys
from tests.factories.deploy.processes import find_free_port, is_alive, wait_until
from tests.factories.repository import ROOT

SERVICES = tuple(sorted(app.parent.name for app in (ROOT / "services").glob("*/app.py")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("isolated"), durable=False)
    server.start()
    yield server
    server.wipe()


@pytest.fixture
def copy(service: str, tmp_path: Path) -> Path:
    """A folder with the files that the Dockerfile copies."""
    copy = tmp_path / "srv"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared", copy / "shared", ignore=ignored)
    shutil.copytree(ROOT / "services" / service, copy / "services" / service, ignore=ignored)
    shutil.copy(ROOT / "services/__init__.py", copy / "services/__init__.py")
    shutil.copy(ROOT / "deploy/docker/entry", copy / "entry")
    return copy


@pytest.fixture
def environment(service: str, copy: Path, server: EmbeddedPostgres) -> dict[str, str]:
    keys = copy.parent / "keys"
    make_keys(keys)
    SealingKey.make(keys)
    for recipient in ("referral", "graduation"):
        shutil.copy(keys / "sealing.pub", keys / f"{recipient}.pub")
    passwords = server.passwords(service)
    create_service_database(server.superuser_dsn, service, passwords)
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "PYTHONPATH": str(copy),
        "PILAR_SERVICE": service,
        "PILAR_HOST": "127.0.0.1",
        "PILAR_PORT": str(find_free_port()),
        "PILAR_TRANSPORT": "local",
        "PILAR_ISSUER": "https://issuer.example",
        "PILAR_JWKS_FILE": str(DevelopmentIssuer(copy.parent / "issuer", "development").key_set_file),
        "PILAR_KEYS_FOLDER": str(keys),
        "PILAR_DATABASE_URL": server.dsn(f"pilar_{service}", f"{service}_api", passwords["api"]),
        "PILAR_WORKER_DATABASE_URL": server.dsn(f"pilar_{service}", f"{service}_worker", passwords["worker"]),
        "PILAR_OWNER_DATABASE_URL": server.dsn(f"pilar_{service}", f"{service}_owner", passwords["owner"]),
    }


def environment_of_role(environment: dict[str, str], role: str) -> dict[str, str]:
    """Return the environment with the database address of one role, as in docker-compose.yml."""
    name = {
        "owner": "PILAR_OWNER_DATABASE_URL",
        "api": "PILAR_DATABASE_URL",
        "worker": "PILAR_WORKER_DATABASE_URL",
    }
    return {
        key: value for key, value in environment.items() if "DATABASE_URL" not in key or key == name[role]
    }


@contextmanager
def run_process(copy: Path, process: str, environment: dict[str, str]) -> Iterator[tuple[Child, Path]]:
    log = copy.parent / f"{process}.log"
    with log.open("wb") as output:
        child = Child([copy / "entry", process], environment=environment, folder=copy, output=output)
    try:
        yield child, log
    finally:
        child.stop(timeout=30)


def read_status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  # loopback
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


@pytest.mark.parametrize("service", SERVICES)
def test_service_migrates_and_runs_api_and_worker(
    service: str, copy: Path, environment: dict[str, str]
) -> None:
    migrated = subprocess.run(
        [copy / "entry", "migrate"],
        cwd=copy,
        env=environment_of_role(environment, "owner"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr

    site = f"http://127.0.0.1:{environment['PILAR_PORT']}"
    with run_process(copy, "api", environment_of_role(environment, "api")) as (api, log):
        assert wait_until(lambda: read_status(f"{site}/readyz") == 200 or not is_alive(api.pid), 30), (
            log.read_text()
        )
        assert (read_status(f"{site}/readyz"), read_status(f"{site}/livez")) == (200, 200), log.read_text()
        ready = subprocess.run([copy / "entry", "ready"], cwd=copy, env=environment, check=False)
        assert ready.returncode == 0
        assert api.stop(signal.SIGTERM, timeout=30) == 0, log.read_text()

    port = str(find_free_port())
    with run_process(
        copy, "worker", environment_of_role(environment, "worker") | {"PILAR_METRICS_PORT": port}
    ) as (
        worker,
        log,
    ):
        page = f"http://127.0.0.1:{port}/metrics"
        assert wait_until(lambda: read_status(page) == 200 or not is_alive(worker.pid), 60), log.read_text()
        assert not wait_until(lambda: not is_alive(worker.pid), 3), log.read_text()
        assert worker.stop(signal.SIGTERM, timeout=30) == 0, log.read_text()
