"""The stage on the one-machine transport; tests/kafka has the same with a real broker."""

from collections.abc import AsyncIterator

import pytest

from tests.factories.cluster import Cluster
from tests.messaging.roads import LocalRoad, Road
from tests.messaging.stage import Stage, staged


@pytest.fixture
def transport() -> Road:
    return LocalRoad()


@pytest.fixture
async def stage(cluster: Cluster, transport: Road) -> AsyncIterator[Stage]:
    async with staged(cluster, transport) as made:
        yield made
