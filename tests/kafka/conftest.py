"""A service pair with a real broker."""

from collections.abc import AsyncIterator

import pytest

from deploy.kafka.broker import Broker
from tests.factories.cluster import Cluster
from tests.factories.messaging.kafka_transport import KafkaTransport, prepare_kafka
from tests.factories.messaging.service_pair import ServicePair, open_service_pair


@pytest.fixture
async def transport(broker: Broker) -> KafkaTransport:
    return await prepare_kafka(broker)


@pytest.fixture
async def stage(cluster: Cluster, transport: KafkaTransport) -> AsyncIterator[ServicePair]:
    async with open_service_pair(cluster, transport) as made:
        yield made
