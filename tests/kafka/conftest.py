"""The stage with a real broker, one for all tests of a process; skipped, with the reason, where it cannot run."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.kafka.broker import Broker, missing
from tests.factories.cluster import Cluster
from tests.factories.messaging.kafka_transport import STAGE_TOPICS, KafkaRoad
from tests.factories.messaging.service_pair import Stage, staged


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    reason = missing()
    if reason and os.environ.get("CI") != "true":
        pytest.skip(f"No Kafka here: {reason}")
    made = Broker(tmp_path_factory.mktemp("kafka") / "broker")
    made.start()
    yield made
    made.wipe()


@pytest.fixture
async def transport(broker: Broker) -> KafkaRoad:
    if not broker.running:
        broker.start()
    road = KafkaRoad(broker.bootstrap, f"stage-{secrets.token_hex(4)}")
    await road.make_anew(*STAGE_TOPICS)
    return road


@pytest.fixture
async def stage(cluster: Cluster, transport: KafkaRoad) -> AsyncIterator[Stage]:
    async with staged(cluster, transport) as made:
        yield made
