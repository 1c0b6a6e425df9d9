"""The stage on the one-machine transport; tests/kafka has the same with a real broker."""

from collections.abc import AsyncIterator

import pytest

from tests.factories.cluster import Cluster
from tests.factories.messaging.service_pair import Stage, staged
from tests.factories.messaging.transports import LocalRoad, Road


@pytest.fixture
def transport() -> Road:
    return LocalRoad()


@pytest.fixture
async def stage(cluster: Cluster, transport: Road) -> AsyncIterator[Stage]:
    async with staged(cluster, transport) as made:
        yield made
