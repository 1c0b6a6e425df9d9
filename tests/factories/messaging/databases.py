"""The two databases of a service pair, with the platform's tables only.

They are created once per test process and emptied for each test.
"""

import asyncio

import asyncpg

from deploy.postgres.databases import create_service_database
from shared import schema
from tests.factories.cluster import Cluster
from tests.factories.messaging.events import SEALED, TOPIC

PUBLISHER, READER = "publisher", "reader"


RECEIVED = """
CREATE TABLE received (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subscription text NOT NULL, key text NOT NULL,
    epoch int NOT NULL, seq bigint NOT NULL, wire text NOT NULL, reason text NOT NULL,
    CONSTRAINT ck_received_reason CHECK (reason <> 'poison')
)
"""
REPLICA = """
CREATE TABLE replica_pendamping.pendamping (
    pendamping_id uuid CONSTRAINT pk_pendamping PRIMARY KEY, pendamping_no text NOT NULL,
    status text NOT NULL CONSTRAINT ck_pendamping_status CHECK (status <> ''), last_seq bigint NOT NULL
)
"""


async def _build(cluster: Cluster, service: str) -> None:
    """Make the template of one side, once a test process."""
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
    for statement in [*statements, REPLICA, RECEIVED]:
        await owner.execute(statement)
    await owner.close()
    cluster.templates.add(service)


def build_urls(cluster: Cluster, service: str, name: str) -> dict[str, str]:
    passwords = cluster.postgres.passwords(service)
    urls = {
        f"{service}_{role}": cluster.postgres.dsn(name, f"{service}_{role}", passwords[role])
        for role in ("owner", "api", "worker")
    }
    return urls | {f"{service}_super": cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{name}"}


# Everything but what a migration wrote; a clone costs a second, this a few hundredths.


WIPE = """
TRUNCATE platform.stream, platform.unsent, platform.local_log, platform.cursor, platform.parked,
    platform.consumer_offset, platform.job, platform.job_row_error, platform.scheduled_task, replica_pendamping.pendamping, received;
DELETE FROM platform.outbox;
UPDATE platform.epoch SET value = 1
"""
_clones: dict[tuple[int, str], str] = {}


async def prepare_database(cluster: Cluster, service: str) -> str:
    """Return the name of an emptied database of one side, or of a new one."""
    await _build(cluster, service)
    at = (cluster.postgres.port, service)
    if at in _clones:
        connection = await asyncpg.connect(build_urls(cluster, service, _clones[at])[f"{service}_super"])
        try:
            await connection.execute("SET lock_timeout = '5s';" + WIPE)
        except asyncpg.PostgresError:
            await cluster.drop(_clones.pop(at))
        finally:
            await connection.close()
    if at not in _clones:
        _clones[at] = await cluster.clone(service)
        await cluster.execute(f'ALTER DATABASE "{_clones[at]}" OWNER TO {service}_owner')
    return _clones[at]
