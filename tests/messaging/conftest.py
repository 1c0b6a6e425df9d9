"""The stage on the one-machine transport; tests/kafka has the same with a real broker."""

from collections.abc import AsyncIterator

import pytest

from tests.kit import Cluster
from tests.messaging.stage import LocalRoad, Road, Stage, staged


@pytest.fixture
def transport() -> Road:
    return LocalRoad()


@pytest.fixture
async def stage(cluster: Cluster, transport: Road) -> AsyncIterator[Stage]:
    async with staged(cluster, transport) as made:
        yield made
