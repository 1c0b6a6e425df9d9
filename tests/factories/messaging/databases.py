"""Two databases with only the platform's tables, created once per process and emptied per test."""

import asyncio

import asyncpg

from deploy.postgres.databases import create_service_database
from shared import schema
from tests.factories.cluster import Cluster
from tests.factories.messaging.events import SEALED, TOPIC

TELLER, READER = "teller", "reader"


HANDLED = """
CREATE TABLE handled (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subscription text NOT NULL, key text NOT NULL,
    epoch int NOT NULL, seq bigint NOT NULL, wire text NOT NULL, reason text NOT NULL,
    CONSTRAINT ck_handled_reason CHECK (reason <> 'poison')
)
"""
REPLICA = """
CREATE TABLE replica_pendamping.pendamping (
    pendamping_id uuid CONSTRAINT pk_pendamping PRIMARY KEY, pendamping_no text NOT NULL,
    status text NOT NULL CONSTRAINT ck_pendamping_status CHECK (status <> ''), seq bigint NOT NULL
)
"""


async def _build(cluster: Cluster, service: str) -> None:
    """Create the template of one database, once per test process."""
    if service in cluster.templates:
        return
    passwords = cluster.postgres.passwords(service)
    await asyncio.to_thread(create_service_database, cluster.postgres.superuser_dsn, service, passwords)
    owner = await asyncpg.connect(
        cluster.postgres.dsn(f"pilar_{service}", f"{service}_owner", passwords["owner"])
    )
    statements: list[str] = []
    schema.platform_v1(statements.append, service, topics=[TOPIC, SEALED])
    schema.replica_schema(statements.append, service, "pendamping")
    for statement in [*statements, REPLICA, HANDLED]:
        await owner.execute(statement)
    await owner.close()
    cluster.templates.add(service)


def urls_of(cluster: Cluster, service: str, name: str) -> dict[str, str]:
    passwords = cluster.postgres.passwords(service)
    urls = {
        f"{service}_{role}": cluster.postgres.dsn(name, f"{service}_{role}", passwords[role])
        for role in ("owner", "api", "worker")
    }
    return urls | {f"{service}_super": cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{name}"}


# All rows that no migration wrote. A clone costs a second, this a few hundredths.


WIPE = """
TRUNCATE platform.stream, platform.unsent, platform.local_log, platform.cursor, platform.parked,
    platform.consumer_offset, platform.job, platform.job_row_error, platform.due, replica_pendamping.pendamping, handled;
DELETE FROM platform.outbox;
UPDATE platform.epoch SET value = 1
"""
_clones: dict[tuple[int, str], str] = {}


async def database_for(cluster: Cluster, service: str) -> str:
    """Return this process's database of one side, emptied, or a new one if that fails."""
    await _build(cluster, service)
    key = (cluster.postgres.port, service)
    if key in _clones:
        connection = await asyncpg.connect(urls_of(cluster, service, _clones[key])[f"{service}_super"])
        try:
            await connection.execute("SET lock_timeout = '5s';" + WIPE)
        except asyncpg.PostgresError:
            await cluster.drop(_clones.pop(key))
        finally:
            await connection.close()
    if key not in _clones:
        _clones[key] = await cluster.clone(service)
        await cluster.execute(f'ALTER DATABASE "{_clones[key]}" OWNER TO {service}_owner')
    return _clones[key]
