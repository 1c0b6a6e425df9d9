"""The four services in one process, on one machine and over Kafka."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker
from tests.factories.cluster import Cluster
from tests.factories.journeys.four_services import FourServices, run_four_services


@pytest.fixture
async def local_services(cluster: Cluster, tmp_path: Path) -> AsyncIterator[FourServices]:
    """Four services on the one-machine transport."""
    async with run_four_services(cluster, tmp_path) as four:
        yield four


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker per journey, so that no event of another test is in its topics."""
    broker = Broker(tmp_path / "kafka")
    broker.start()
    yield broker
    broker.wipe()


@pytest.fixture
async def kafka_services(cluster: Cluster, broker: Broker, tmp_path: Path) -> AsyncIterator[FourServices]:
    """Four services over Kafka."""
    async with run_four_services(cluster, tmp_path, broker.bootstrap) as four:
        yield four
