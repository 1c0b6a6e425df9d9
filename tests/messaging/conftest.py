"""A service pair on the local transport, and on Kafka where marked `on_every_transport`."""

from collections.abc import AsyncIterator

import pytest

from tests.factories.cluster import Cluster
from tests.factories.messaging.kafka_transport import prepare_kafka
from tests.factories.messaging.service_pair import ServicePair, open_service_pair
from tests.factories.messaging.transports import LocalTransport, StageTransport


@pytest.fixture
async def transport(request: pytest.FixtureRequest) -> StageTransport:
    if getattr(request, "param", "local") == "kafka":
        return await prepare_kafka(request.getfixturevalue("broker"))
    return LocalTransport()


@pytest.fixture
async def stage(cluster: Cluster, transport: StageTransport) -> AsyncIterator[ServicePair]:
    async with open_service_pair(cluster, transport) as made:
        yield made
