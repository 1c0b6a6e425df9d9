"""An external PostgreSQL 18, used in place of the packaged one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from deploy.postgres.binaries import OLDEST_MAJOR, PostgresUnusable
from deploy.postgres.databases import Passwords, query, stored_passwords


class ExternalPostgres:
    """A server by a superuser's address, which is never started, stopped or wiped."""

    def __init__(self, url: str, folder: Path | str) -> None:
        self.superuser_dsn = url
        self._folder = Path(folder)

    def start(self) -> None:
        number = int(query(self.superuser_dsn, "SHOW server_version_num")) // 10_000
        if number < OLDEST_MAJOR:
            raise PostgresUnusable(
                f"Pilar needs PostgreSQL {OLDEST_MAJOR} or newer. PILAR_POSTGRES_URL is PostgreSQL {number}."
            )

    def stop(self) -> None:
        """Do nothing, because the server is external."""

    def dsn(self, database: str, user: str, password: str) -> str:
        url = urlsplit(self.superuser_dsn)
        address = f"{url.hostname}:{url.port or 5432}"
        query_part = f"?{url.query}" if url.query else ""
        return f"postgresql://{quote(user)}:{quote(password)}@{address}/{quote(database)}{query_part}"

    def passwords(self, service: str) -> Passwords:
        self._folder.mkdir(parents=True, exist_ok=True)
        return stored_passwords(self._folder / "passwords.json", service)
