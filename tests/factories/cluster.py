"""One PostgreSQL per test process, with a migrated template of each service in use."""

import asyncio
import itertools
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.issuer import DevelopmentIssuer
from deploy.postgres.databases import create_service_database
from deploy.postgres.embedded import EmbeddedPostgres
from shared.dates import JAKARTA
from shared.migrations import upgrade
from shared.privacy import SealingKey, make_keys
from shared.settings import Settings
from tests.factories.recall import RecalledSteps
from tests.factories.service_reuse import ReusableService

SERVICES = ("registry", "caseload", "graduation", "referral")
_numbers = itertools.count(1)
# Tests of one subscriber write events of other services into its own outbox, as superuser (`Running.publish`).
# The service's own roles are refused as in production, but may delete the body of a sealed event.
ALLOW_FOREIGN_EVENTS = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT conrelid::regclass AS "table", conname AS name, pg_get_expr(conbin, conrelid) AS condition,
        CASE conname WHEN 'ck_outbox_topic' THEN 'OR body IS NULL' ELSE '' END AS cleared
        FROM pg_constraint WHERE conname IN ('ck_outbox_topic', 'ck_stream_topic') AND coninhcount = 0
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I CHECK (%s OR current_user = %L %s)',
                       one."table", one.name, one.name, one.condition, current_user, one.cleared);
    END LOOP;
END $$
"""

# Business time starts on a fixed day at 10:00 in Jakarta, so that no test depends on the day or meets a midnight.
START = datetime(2026, 11, 30, 10, tzinfo=JAKARTA)
SET_CLOCK = f"UPDATE platform.business_clock SET offset_seconds = extract(epoch FROM '{START}' - now())::int"


@dataclass(slots=True)
class Cluster:
    """One PostgreSQL of a test process, with a template of each service in use."""

    folder: Path
    postgres: EmbeddedPostgres
    issuer: DevelopmentIssuer
    templates: set[str] = field(default_factory=set[str])
    # Idle services for the next test of this event loop. Other loops start their own.
    idle_services: dict[str, list[ReusableService]] = field(
        default_factory=lambda: {name: [] for name in SERVICES}
    )
    loop: asyncio.AbstractEventLoop | None = None
    recalled: RecalledSteps = field(default_factory=RecalledSteps)

    @classmethod
    def start(cls, folder: Path, *, durable: bool = False) -> "Cluster":
        """Start PostgreSQL, and create each service's keys."""
        postgres = EmbeddedPostgres(folder / "postgres", durable=durable, settings={"max_connections": "300"})
        postgres.start()
        for service in SERVICES:
            make_keys(folder / "keys" / service)
        assert SealingKey.make(folder / "keys" / "referral").key_id
        recipients = folder / "keys" / "caseload" / "recipients"
        recipients.mkdir()
        (recipients / "referral.pub").write_bytes((folder / "keys" / "referral" / "sealing.pub").read_bytes())
        return cls(folder, postgres, DevelopmentIssuer(folder / "issuer", "development"))

    async def close(self) -> None:
        """Stop the idle services."""
        for service in [service for idle in self.idle_services.values() for service in idle]:
            await service.stop()

    def stop(self) -> None:
        """Stop PostgreSQL and delete its data."""
        self.postgres.stop()
        self.postgres.wipe()

    async def template(self, service: str) -> None:
        """Create and migrate the database that clones are made of, once."""
        if service not in self.templates:
            passwords = self.postgres.passwords(service)
            create_service_database(self.postgres.superuser_dsn, service, passwords)
            owner = self.postgres.dsn(f"pilar_{service}", f"{service}_owner", passwords["owner"])
            await asyncio.to_thread(upgrade, service, owner)
            await self.execute(ALLOW_FOREIGN_EVENTS, f"pilar_{service}")
            await self.execute(SET_CLOCK, f"pilar_{service}")
            self.templates.add(service)

    async def clone(self, service: str) -> str:
        """Return the name of a new copy of a service's database."""
        await self.template(service)
        name = f"t_{service}_{next(_numbers)}_{secrets.token_hex(3)}"
        await self.execute(f'CREATE DATABASE "{name}" TEMPLATE "pilar_{service}" STRATEGY FILE_COPY')
        return name

    async def drop(self, name: str) -> None:
        """Delete a copy, even while sessions are connected."""
        await self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def address(self, name: str) -> str:
        """Return a superuser's address of a database."""
        return self.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{name}"

    async def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as superuser, outside of any transaction."""
        connection = await asyncpg.connect(self.address(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def settings(self, service: str, database: str, **more: Any) -> Settings:
        """Return the settings of a service on a database."""
        passwords = self.postgres.passwords(service)
        urls = {
            f"{prefix}database_url": self.postgres.dsn(database, f"{service}_{role}", passwords[role])
            for prefix, role in (("", "api"), ("worker_", "worker"), ("owner_", "owner"))
        }
        return Settings.load_for(
            service,
            **{
                "mode": "development",
                "jwks_file": self.issuer.key_set_file,
                "keys_folder": self.folder / "keys" / service,
                "log_level": "error",
                "pool_size": 5,
                "webhook_loopback": True,
                **urls,
                **more,
            },
        )
