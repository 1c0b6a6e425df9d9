"""A service's database and its three roles, made from the one SQL text that every deployment uses."""

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
    """Of the roles <service>_owner, <service>_api and <service>_worker."""

    owner: str
    api: str
    worker: str


def create_service_database(superuser_dsn: str, service: str, passwords: Passwords) -> None:
    """Database pilar_<service> with its three roles stand, whatever stood before; nothing is ever dropped."""
    secret = {f"PILAR_{role.upper()}_PASSWORD": value for role, value in passwords.items()}
    _psql(
        superuser_dsn, ["-v", f"service={service}", "-f", SERVICE_SQL], {k: str(v) for k, v in secret.items()}
    )


def query(dsn: str, sql: str) -> str:
    """The first value of the first row, as text. RuntimeError with psql's words when it fails."""
    return _psql(dsn, ["-v", "ON_ERROR_STOP=1", "-c", sql], {}).strip()


def stored_passwords(file: Path, service: str) -> Passwords:
    """The same at every call; a service met for the first time gets new ones. The file is its owner's alone."""
    known: dict[str, Passwords] = json.loads(file.read_text()) if file.exists() else {}
    if service not in known:
        known[service] = Passwords(
            owner=secrets.token_urlsafe(24), api=secrets.token_urlsafe(24), worker=secrets.token_urlsafe(24)
        )
        write_private(file, json.dumps(known))
    return known[service]


def _psql(dsn: str, words: list[str | Path], secret: dict[str, str]) -> str:
    """Address and passwords travel by the environment: any process of the machine may read a command line."""
    where = urlsplit(dsn)
    variables = {
        "PGHOST": where.hostname or "127.0.0.1",
        "PGPORT": str(where.port or 5432),
        "PGUSER": unquote(where.username or ""),
        "PGPASSWORD": unquote(where.password or ""),
        "PGDATABASE": unquote(where.path.lstrip("/")) or "postgres",
        **{f"PG{name.upper()}": values[-1] for name, values in parse_qs(where.query).items()},
    }
    result = subprocess.run(
        [
            packaged() / "psql",
            "--no-psqlrc",
            "--no-password",
            "--tuples-only",
            "--no-align",
            "--quiet",
            *words,
        ],
        check=False,
        capture_output=True,
        text=True,
        env=environment() | variables | secret,
    )
    if result.returncode:
        message = f"psql failed on {where.hostname}:{where.port}: {result.stderr.strip()}"
        raise RuntimeError(message)
    return result.stdout
