"""PostgreSQL 18 on this machine, as a child process that ends with its parent."""

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
from deploy.postgres.data_folder import adopt, end_orphaned_server, home_of, unlink
from deploy.postgres.databases import Passwords, stored_passwords
from deploy.postgres.external import ExternalPostgres

SUPERUSER = "postgres"
NO_ROW_LOGGING = {
    # The values and the statement of a failing row must not be logged: they may be personal data.
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_parameter_max_length": "0",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}
DEFAULTS = {
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
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
    # The default of 4096 rounds is a third of a client's connection time.
    "scram_iterations": "1",
}


class Server(Protocol):
    """A PostgreSQL server, embedded or external."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    @property
    def superuser_dsn(self) -> str: ...
    def dsn(self, database: str, user: str, password: str) -> str: ...
    def passwords(self, service: str) -> Passwords: ...


def open_postgres(folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> Server:
    """Return the server of PILAR_POSTGRES_URL (a superuser's address), else an embedded one."""
    if url := os.environ.get("PILAR_POSTGRES_URL"):
        return ExternalPostgres(url, folder)
    return EmbeddedPostgres(folder, durable=durable, settings=settings)


class EmbeddedPostgres:
    """The packaged PostgreSQL, with its data below `folder`.

    For root the data is in /var/lib, and `folder` has a link to it. If `folder` is removed, the data is deleted at the next
    start. With `durable=False` a crash of the machine may lose everything, so it is for tests only.
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
        self._settings = DEFAULTS | ({} if durable else NOT_DURABLE) | dict(settings or {}) | NO_ROW_LOGGING
        self._durable = durable
        self._lock: IO[str] | None = None
        self._child: Child | None = None

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            PostgresUnusable: it cannot start, or it already runs. The message is one sentence.
        """
        self._lock_folder()
        try:
            account = account_for(self._data)
            self._programs = programs(account)
            self._account = account
            end_orphaned_server(self._data)
            self._initialise()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all sessions and shut down, so that the next start needs no recovery."""
        if self._child is not None:
            self._child.stop(signal.SIGINT, timeout=30)
            self._child = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """Kill the server, as a power cut would. For tests of outages.

        `start` recovers on the same port.
        """
        if self._child is not None:
            self._child.kill()
        self.stop()

    def wipe(self) -> None:
        """Stop the server and delete its data and passwords."""
        self.stop()
        self._lock_folder()
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
        """Return a service's passwords, generated on the first call."""
        return stored_passwords(self._home / "passwords.json", service)

    def _superuser_password(self) -> str:
        return json.loads((self._home / "superuser.json").read_text())["password"]

    def _lock_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._home.mkdir(mode=0o755, exist_ok=True)
        self._home.chmod(0o755 if os.geteuid() == 0 else 0o700)
        try:
            self._lock = lock_folder(self._home)
        except FolderInUse as owner:
            sentence = f"Process {owner} already runs a PostgreSQL in {self.folder}. Stop it first."
            raise PostgresUnusable(sentence) from None
        adopt(self.folder, self._home)

    def _initialise(self) -> None:
        """Initialise a temporary folder and rename it.

        So a killed launcher leaves no partial data folder.
        """
        if self._data.exists():
            return
        temporary, password = self._home / "data.making", secrets.token_urlsafe(24)
        shutil.rmtree(temporary, ignore_errors=True)
        write_private(self._home / "superuser.json", json.dumps({"password": password}))
        password_file = self._home / "password"
        write_private(password_file, password)
        temporary.mkdir(mode=0o700)
        if self._account:
            for path in (password_file, temporary):
                os.chown(path, self._account.uid, self._account.gid)
        try:
            self._initdb(temporary, password_file)
        finally:
            password_file.unlink()
        temporary.rename(self._data)

    def _initdb(self, temporary: Path, password_file: Path) -> None:
        account = self._account
        result = subprocess.run(
            [
                *(self._programs / "initdb", "-D", temporary, "-U", SUPERUSER, f"--pwfile={password_file}"),
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
        chosen_port = self.port
        for attempt in range(5):
            self.port = chosen_port or free_port()
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
            if chosen_port or attempt == 4:  # a free port may be taken by another in between
                break
        last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        raise PostgresUnusable(f"PostgreSQL did not start: {' / '.join(last)}")

    def _switches(self) -> list[str]:
        return [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]

    def _check_data_version(self) -> None:
        major = int((self._data / "PG_VERSION").read_text())
        if major < OLDEST_MAJOR:
            raise PostgresUnusable(
                f"{self.folder} has data of PostgreSQL {major}. Pilar needs {OLDEST_MAJOR}."
            )

    def _became_ready(self, child: Child, *, timeout: float = 120.0) -> bool:
        """Return whether PostgreSQL became ready in time, and stop it if not.

        The eighth line of its pid file is "ready" then. Reading it needs no connection.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and child.returncode is None:
            with suppress(OSError):
                lines = (self._data / "postmaster.pid").read_text().splitlines()
                if len(lines) > 7 and lines[0] == str(child.pid) and lines[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        child.stop(signal.SIGINT)
        return False
