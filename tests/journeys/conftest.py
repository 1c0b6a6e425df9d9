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
    "kafka",
    marks=[
        *(pytest.mark.kafka, pytest.mark.xdist_group("kafka"), pytest.mark.timeout(300)),
        pytest.mark.proof,
    ],
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play each journey on one machine, in `make prove` over Kafka."""
    if "four" in metafunc.fixturenames:
        metafunc.parametrize("four", [OVER_KAFKA if IN_FULL else ON_ONE_MACHINE], indirect=True)


@pytest.fixture
async def four(
    cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[FourServices]:
    """Four services on one transport.

    Over Kafka they have a broker of their own, without events of another test.
    """
    broker = Broker(tmp_path / "kafka") if request.param == "kafka" else None
    try:
        if broker:
            broker.start()
        async with run_four_services(cluster, tmp_path, broker.bootstrap if broker else "") as running:
            yield running
    finally:
        if broker:
            broker.wipe()
