"""A service's roles can write only its own topics."""

import contextlib

import asyncpg
import pytest

from shared import contracts
from shared.events import BY_WIRE, SEALED_TOPIC
from shared.kafka.topics import TOPICS
from tests.factories.cluster import SERVICES, Cluster
from tests.factories.services import run_service

CONTRACT_MODULES = contracts.__all__
WRITES = """
INSERT INTO platform.outbox (recorded_at, event_id, shard, topic, key, epoch, seq, wire, body)
VALUES (now(), gen_random_uuid(), 0, $1, 'k', 1, 1, 'test', '{}')
"""
TAKES_A_POSITION = "INSERT INTO platform.stream (topic, key, seq) VALUES ($1, 'k', 1)"


def read_topics(service: str) -> set[str]:
    """Return the topics of the event classes that a service publishes."""
    return {kind.topic for wire, kind in BY_WIRE.items() if wire.partition(".")[0] == service}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("statement", [WRITES, TAKES_A_POSITION], ids=["outbox", "stream"])
async def test_a_service_writes_the_topics_of_its_event_classes_and_no_other(
    cluster: Cluster, service: str, statement: str
) -> None:
    async with run_service(cluster, service) as made:
        for url in (made.settings.database_url, made.settings.worker_database_url):
            connection = await asyncpg.connect(url)
            try:
                assert await find_accepted_topics(connection, statement) == read_topics(service)
            finally:
                await connection.close()


async def find_accepted_topics(connection: asyncpg.Connection, statement: str) -> set[str]:
    """Return the topics that PostgreSQL accepts. Nothing is stored."""
    taken: set[str] = set()
    for topic in (*TOPICS, SEALED_TOPIC, "pilar.other"):
        transaction = connection.transaction()
        await transaction.start()
        with contextlib.suppress(asyncpg.CheckViolationError):
            await connection.execute(statement, topic)
            taken.add(topic)
        await transaction.rollback()
    return taken
