"""Fixtures: one PostgreSQL per test process, and each service on an empty database."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.kafka.broker import Broker, missing
from shared.loop import fast_loop
from tests.factories.cluster import Cluster
from tests.factories.proof import IN_FULL, PROPERTY, Proof
from tests.factories.services import Running, run_service

# A busy machine makes no property false: an example may take long.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with the longest timeout first.

    Otherwise the other processes would wait for them at the end.
    """
    items.sort(key=_timeout_of, reverse=True)


def _timeout_of(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exclude the collected tests and imports from garbage collection, which finds nothing in them."""
    # Without groups each process would start the same deployment on the same ports.
    if getattr(session.config.option, "loadgroup", False):
        ungrouped = [
            item
            for item in session.items
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
        ]
        if ungrouped:
            raise pytest.UsageError(f"pytest-xdist does not group this test: {ungrouped[0].nodeid}")
    gc.collect()
    gc.freeze()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the event loop that the services use."""
    return {"fast": fast_loop() or asyncio.new_event_loop}


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """PostgreSQL with a migrated template of each service, and reusable services."""
    folder: Path = tmp_path_factory.mktemp("cluster")
    started = Cluster.start(folder)
    started.loop = asyncio.get_running_loop()
    yield started
    await started.close()
    started.stop()


@pytest.fixture
async def registry(cluster: Cluster) -> AsyncIterator[Running]:
    """Registry on an empty database."""
    async with run_service(cluster, "registry") as service:
        yield service


@pytest.fixture
async def caseload(cluster: Cluster) -> AsyncIterator[Running]:
    """Caseload on an empty database."""
    async with run_service(cluster, "caseload") as service:
        yield service


@pytest.fixture
async def graduation(cluster: Cluster) -> AsyncIterator[Running]:
    """Graduation on an empty database."""
    async with run_service(cluster, "graduation") as service:
        yield service


@pytest.fixture
async def referral(cluster: Cluster) -> AsyncIterator[Running]:
    """Referral on an empty database."""
    async with run_service(cluster, "referral") as service:
        yield service


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker for all tests of a process, or a skip with the reason."""
    reason = missing()
    if reason and os.environ.get("CI") != "true":
        pytest.skip(f"No Kafka here: {reason}")
    started = Broker(tmp_path_factory.mktemp("kafka") / "broker")
    started.start()
    yield started
    started.wipe()


@pytest.fixture
def prove(record_property: Callable[[str, object], None]) -> Proof:
    """Count the cases of a rule for the table of `make prove`."""
    return Proof(record_property)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cases were tried for each rule, and how many violated it."""
    counts: dict[str, tuple[int, int]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY and report.when == "call":
                    rule, cases, violations = value
                    tried, violated = counts.get(rule, (0, 0))
                    counts[rule] = tried + cases, violated + violations
    if counts and IN_FULL:
        terminalreporter.section("proofs")
        for rule, (cases, violations) in sorted(counts.items()):
            terminalreporter.write_line(f"{rule:60} {cases:8} cases {violations:6} violations")
