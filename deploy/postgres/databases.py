"""A service's database and its three roles, created by service.sql."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path
from typing import TypedDict
from urllib.parse import parse_qs, unquote, urlsplit

from deploy.folder import write_private
from deploy.postgres.binaries import environment, packaged

SERVICE_SQL = Path(__file__).with_name("service.sql")


class Passwords(TypedDict):
    """The passwords of <service>_owner, <service>_api and <service>_worker."""

    owner: str
    api: str
    worker: str


def create_service_database(superuser_dsn: str, service: str, passwords: Passwords) -> None:
    """Create database pilar_<service> and its roles, if they do not exist."""
    secret = {f"PILAR_{role.upper()}_PASSWORD": value for role, value in passwords.items()}
    _psql(
        superuser_dsn, ["-v", f"service={service}", "-f", SERVICE_SQL], {k: str(v) for k, v in secret.items()}
    )


def query(dsn: str, sql: str) -> str:
    """Return the first value of the first row as text.

    Raises:
        RuntimeError: psql failed.
    """
    return _psql(dsn, ["-v", "ON_ERROR_STOP=1", "-c", sql], {}).strip()


def stored_passwords(file: Path, service: str) -> Passwords:
    """Return a service's passwords from the file, after generating them on the first call."""
    stored: dict[str, Passwords] = json.loads(file.read_text()) if file.exists() else {}
    if service not in stored:
        stored[service] = Passwords(
            owner=secrets.token_urlsafe(24), api=secrets.token_urlsafe(24), worker=secrets.token_urlsafe(24)
        )
        write_private(file, json.dumps(stored))
    return stored[service]


def _psql(dsn: str, arguments: list[str | Path], secret: dict[str, str]) -> str:
    """Run psql.

    Address and passwords are passed in the environment, because other processes can read a command line.
    """
    address = urlsplit(dsn)
    variables = {
        "PGHOST": address.hostname or "127.0.0.1",
        "PGPORT": str(address.port or 5432),
        "PGUSER": unquote(address.username or ""),
        "PGPASSWORD": unquote(address.password or ""),
        "PGDATABASE": unquote(address.path.lstrip("/")) or "postgres",
        **{f"PG{name.upper()}": values[-1] for name, values in parse_qs(address.query).items()},
    }
    result = subprocess.run(
        [
            packaged() / "psql",
            "--no-psqlrc",
            "--no-password",
            "--tuples-only",
            "--no-align",
            "--quiet",
            *arguments,
        ],
        check=False,
        capture_output=True,
        text=True,
        env=environment() | variables | secret,
    )
    if result.returncode:
        message = f"psql failed on {address.hostname}:{address.port}: {result.stderr.strip()}"
        raise RuntimeError(message)
    return result.stdout
