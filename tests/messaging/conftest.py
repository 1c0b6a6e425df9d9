"""The stage on the one-machine transport, and on Kafka where a test is marked with `on_every_transport`."""

from collections.abc import AsyncIterator

import pytest

from tests.factories.cluster import Cluster
from tests.factories.messaging.kafka_transport import prepare_kafka
from tests.factories.messaging.service_pair import Stage, staged
from tests.factories.messaging.transports import LocalTransport, Transport


@pytest.fixture
async def transport(request: pytest.FixtureRequest) -> Transport:
    if getattr(request, "param", "local") == "kafka":
        return await prepare_kafka(request.getfixturevalue("broker"))
    return LocalTransport()


@pytest.fixture
async def stage(cluster: Cluster, transport: Transport) -> AsyncIterator[Stage]:
    async with staged(cluster, transport) as made:
        yield made
