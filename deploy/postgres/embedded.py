"""PostgreSQL 18 on this machine: a direct child that starts in seconds and dies with its parent."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import quote

from deploy.child_process import Child
from deploy.folder import FolderInUse, lock_folder, write_private
from deploy.loopback import LOOPBACK, free_port
from deploy.postgres.binaries import (
    OLDEST_MAJOR,
    PostgresUnusable,
    account_for,
    environment,
    programs,
)
from deploy.postgres.data_folder import adopt, end_the_orphan, home_of, unlink
from deploy.postgres.databases import Passwords, stored_passwords
from deploy.postgres.external import ExternalPostgres

SUPERUSER = "postgres"
QUIET = {
    # A failing row must not reach the server's log: neither by its values nor by its statement.
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_parameter_max_length": "0",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}
ORDINARY = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "250",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
    # 4096 rounds are a third of what a client spends on connecting.
    "scram_iterations": "1",
}


class Server(Protocol):
    """What the deployment asks of a PostgreSQL, its own or another's."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    @property
    def superuser_dsn(self) -> str: ...
    def dsn(self, database: str, user: str, password: str) -> str: ...
    def passwords(self, service: str) -> Passwords: ...


def open_postgres(folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> Server:
    """The PostgreSQL that PILAR_POSTGRES_URL names (a superuser's address), else an own one in `folder`."""
    if url := os.environ.get("PILAR_POSTGRES_URL"):
        return ExternalPostgres(url, folder)
    return EmbeddedPostgres(folder, durable=durable, settings=settings)


class EmbeddedPostgres:
    """The packaged PostgreSQL, its data kept between runs below `folder`.

    Root's data lies in /var/lib, where the account that runs the server may walk, and `folder` holds a
    link to it; removing `folder` gives that data up at the next start. Raises PostgresUnusable with one
    sentence. With `durable=False` a crash of the machine may lose everything: for tests alone.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        durable: bool = True,
    ) -> None:
        self.folder = Path(folder).resolve()
        self.port = port
        self._home = home_of(self.folder)
        self._data = self._home / "data"
        self._settings = ORDINARY | ({} if durable else FORGETFUL) | dict(settings or {}) | QUIET
        self._durable = durable
        self._lock: IO[str] | None = None
        self._child: Child | None = None

    def start(self) -> None:
        """Ready for connections when it returns. Starting twice is refused, by this object or another."""
        self._own_the_folder()
        try:
            account = account_for(self._data)
            self._programs = programs(account)
            self._account = account
            end_the_orphan(self._data)
            self._initialise()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Sessions are cut and everything is written; kept data starts again without recovery."""
        if self._child is not None:
            self._child.stop(signal.SIGINT, timeout=30)
            self._child = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """As a power cut would; for tests of outages. `start` recovers, on the same port."""
        if self._child is not None:
            self._child.kill()
        self.stop()

    def wipe(self) -> None:
        """Stop, and forget every row and password."""
        self.stop()
        self._own_the_folder()
        shutil.rmtree(self._home)
        unlink(self.folder)
        self.stop()

    @property
    def pid(self) -> int:
        if self._child is None:
            raise PostgresUnusable("PostgreSQL is not running.")
        return self._child.pid

    @property
    def log(self) -> Path:
        return self._home / "postgres.log"

    @property
    def superuser_dsn(self) -> str:
        return self.dsn("postgres", SUPERUSER, self._superuser_password())

    def dsn(self, database: str, user: str, password: str) -> str:
        return f"postgresql://{quote(user)}:{quote(password)}@{LOOPBACK}:{self.port}/{quote(database)}"

    def passwords(self, service: str) -> Passwords:
        """Made on first use and kept beside the data, readable by its owner alone."""
        return stored_passwords(self._home / "passwords.json", service)

    def _superuser_password(self) -> str:
        return json.loads((self._home / "superuser.json").read_text())["password"]

    def _own_the_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._home.mkdir(mode=0o755, exist_ok=True)
        self._home.chmod(0o755 if os.geteuid() == 0 else 0o700)
        try:
            self._lock = lock_folder(self._home)
        except FolderInUse as owner:
            sentence = f"Process {owner} already runs a PostgreSQL on {self.folder}; stop it first."
            raise PostgresUnusable(sentence) from None
        adopt(self.folder, self._home)

    def _initialise(self) -> None:
        """Into a folder beside, renamed when whole: a launcher killed half-way leaves nothing to trip over."""
        if self._data.exists():
            return
        making, password = self._home / "data.making", secrets.token_urlsafe(24)
        shutil.rmtree(making, ignore_errors=True)
        write_private(self._home / "superuser.json", json.dumps({"password": password}))
        given = self._home / "password"
        write_private(given, password)
        making.mkdir(mode=0o700)
        if self._account:
            for path in (given, making):
                os.chown(path, self._account.uid, self._account.gid)
        try:
            self._initdb(making, given)
        finally:
            given.unlink()
        making.rename(self._data)

    def _initdb(self, making: Path, given: Path) -> None:
        account = self._account
        result = subprocess.run(
            [
                *(self._programs / "initdb", "-D", making, "-U", SUPERUSER, f"--pwfile={given}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *([] if self._durable else ["--no-sync", "--set", "scram_iterations=1"]),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._home,
            env=environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if result.returncode:
            raise PostgresUnusable(f"PostgreSQL could not make its data folder: {result.stderr.strip()}")

    def _launch(self) -> None:
        self._check_data_version()
        chosen = self.port
        for attempt in range(5):
            self.port = chosen or free_port()
            with self.log.open("ab") as log:
                self._child = Child(
                    [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *self._switches()],
                    account=self._account,
                    on_death=signal.SIGQUIT,
                    environment=environment(),
                    folder=self._home,
                    output=log,
                )
            if self._became_ready(self._child):
                return
            if chosen or attempt == 4:  # a free port may be taken by another in between
                break
        last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        raise PostgresUnusable(f"PostgreSQL did not start: {' / '.join(last)}")

    def _switches(self) -> list[str]:
        return [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]

    def _check_data_version(self) -> None:
        major = int((self._data / "PG_VERSION").read_text())
        if major < OLDEST_MAJOR:
            raise PostgresUnusable(
                f"{self.folder} holds data of PostgreSQL {major}; Pilar needs {OLDEST_MAJOR}."
            )

    def _became_ready(self, child: Child, *, patience: float = 120.0) -> bool:
        """The server writes its state into the eighth line of its pid file; no connection is needed to ask."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and child.returncode is None:
            with suppress(OSError):
                lines = (self._data / "postmaster.pid").read_text().splitlines()
                if len(lines) > 7 and lines[0] == str(child.pid) and lines[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        child.stop(signal.SIGINT)
        return False
