"""Fixtures: one PostgreSQL a test process, and each service on a database that nobody wrote into."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker, missing
from shared.loop import SELDOM, fast_loop
from tests.factories.cluster import Cluster
from tests.factories.services import Running, running


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is given the most time begins first: at the end no process waits for another's long test."""
    items.sort(key=_given, reverse=True)


def _given(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of tests and all that they import stay to the end: looking through them for garbage finds none."""
    # Else whatever a group starts once is started by each process at once, and on the same ports.
    if getattr(session.config.option, "loadgroup", False):
        apart = [
            item
            for item in session.items
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
        ]
        if apart:
            raise pytest.UsageError(f"pytest-xdist no longer keeps groups together: {apart[0].nodeid}")
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the services run on."""
    return {"fast": fast_loop() or asyncio.new_event_loop}


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """PostgreSQL with a migrated template of each service, and services that tests take in turn."""
    folder: Path = tmp_path_factory.mktemp("cluster")
    made = Cluster.start(folder)
    made.loop = asyncio.get_running_loop()
    yield made
    await made.close()
    made.stop()


@pytest.fixture
async def registry(cluster: Cluster) -> AsyncIterator[Running]:
    """registry on a fresh database."""
    async with running(cluster, "registry") as service:
        yield service


@pytest.fixture
async def caseload(cluster: Cluster) -> AsyncIterator[Running]:
    """caseload on a fresh database."""
    async with running(cluster, "caseload") as service:
        yield service


@pytest.fixture
async def graduation(cluster: Cluster) -> AsyncIterator[Running]:
    """graduation on a fresh database."""
    async with running(cluster, "graduation") as service:
        yield service


@pytest.fixture
async def referral(cluster: Cluster) -> AsyncIterator[Running]:
    """referral on a fresh database."""
    async with running(cluster, "referral") as service:
        yield service


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker for all tests of a process, or a skip with the reason."""
    reason = missing()
    if reason and os.environ.get("CI") != "true":
        pytest.skip(f"No Kafka here: {reason}")
    made = Broker(tmp_path_factory.mktemp("kafka") / "broker")
    made.start()
    yield made
    made.wipe()
