"""The four services in one process, on one machine and over Kafka."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker
from tests.factories.cluster import Cluster
from tests.factories.journeys.four_services import FourServices, run_four_services
from tests.factories.proof import IN_FULL

ON_ONE_MACHINE = pytest.param("local", marks=pytest.mark.timeout(240))
OVER_KAFKA = pytest.param(
    "kafka", marks=[pytest.mark.kafka, pytest.mark.xdist_group("kafka"), pytest.mark.timeout(300)]
)
OVER_KAFKA_IN_PROOF = pytest.param("kafka", marks=[*OVER_KAFKA.marks, pytest.mark.proof])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play a journey on one machine, if it is marked `over_kafka` also over Kafka.

    `make prove` plays all over Kafka.
    """
    if "four_services" not in metafunc.fixturenames:
        return
    transports = [ON_ONE_MACHINE]
    if metafunc.definition.get_closest_marker("over_kafka"):
        transports.append(OVER_KAFKA)
    elif IN_FULL:
        transports.append(OVER_KAFKA_IN_PROOF)
    metafunc.parametrize("four_services", transports, indirect=True)


@pytest.fixture
async def four_services(
    cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[FourServices]:
    """Four services on one transport.

    Over Kafka they have a broker of their own, without events of another test.
    """
    broker = Broker(tmp_path / "kafka") if request.param == "kafka" else None
    try:
        if broker:
            broker.start()
        async with run_four_services(cluster, tmp_path, broker.bootstrap if broker else "") as four:
            yield four
    finally:
        if broker:
            broker.wipe()
