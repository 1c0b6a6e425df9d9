"""deploy/kafka: a real Kafka broker as a child process."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from deploy.kafka.broker import Broker, KafkaUnusable
from deploy.kafka.jars import jars_folder, missing
from tests.factories.deploy.processes import is_alive, start_and_kill_parent, wait_until
from tests.factories.repository import ROOT

# One process starts the broker once for all of these tests.
pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("broker")]

AS_PARENT = """
import sys, time
from deploy.kafka.broker import Broker
broker = Broker(sys.argv[1])
broker.start()
print(broker.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def module_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    module_broker = Broker(tmp_path_factory.mktemp("broker") / "kafka")
    yield module_broker
    module_broker.wipe()


@pytest.fixture
def broker(module_broker: Broker) -> Broker:
    """The running broker, whatever the test before did. Each test uses its own topic."""
    if module_broker.running:
        module_broker.resume()
    else:
        module_broker.start()
    return module_broker


@asynccontextmanager
async def producer(broker: Broker) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=3000
    )
    await client.start()
    try:
        yield client
    finally:
        await asyncio.wait_for(client.stop(), 10)


async def create_topic(broker: Broker, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 24, 1)])
    await admin.close()


async def read_topic(broker: Broker, topic: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await asyncio.wait_for(consumer.getone(), 20)).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_message_has_the_brokers_timestamp_and_survives_restart_and_crash(
    broker: Broker,
) -> None:
    await create_topic(broker, "pilar.taken")
    bootstrap = broker.bootstrap
    async with producer(broker) as client:
        stored = await client.send_and_wait("pilar.taken", b"one", key=b"k", timestamp_ms=1)
    assert (stored.timestamp_type, stored.timestamp > 1) == (1, True)
    broker.stop()
    broker.start()
    async with producer(broker) as client:
        await client.send_and_wait("pilar.taken", b"two", key=b"k")
    broker.kill()
    broker.start()
    assert broker.bootstrap == bootstrap
    assert await read_topic(broker, "pilar.taken", 2) == [b"one", b"two"]


async def test_topics_are_not_created_automatically(broker: Broker) -> None:
    async with producer(broker) as client:
        with pytest.raises(KafkaError):
            await asyncio.wait_for(client.send_and_wait("pilar.misspelt", b"x"), 20)


async def test_pause_loses_no_message(broker: Broker) -> None:
    await create_topic(broker, "pilar.paused")
    async with producer(broker) as client:
        await client.send_and_wait("pilar.paused", b"before")
        broker.pause()
        sent = asyncio.create_task(client.send_and_wait("pilar.paused", b"during"))
        assert (await asyncio.wait({sent}, timeout=1))[1] == {sent}
        broker.resume()
        await asyncio.wait_for(sent, 30)
    assert sorted(await read_topic(broker, "pilar.paused", 2)) == [b"before", b"during"]


async def test_wipe_starts_a_new_cluster_without_topics(broker: Broker) -> None:
    await create_topic(broker, "pilar.wiped")
    broker.wipe()
    broker.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    assert "pilar.wiped" not in await admin.list_topics()
    await admin.close()


def test_second_launcher_on_the_same_folder_is_refused(broker: Broker) -> None:
    with pytest.raises(KafkaUnusable, match="already runs a broker"):
        Broker(broker.folder).start()
    assert broker.running


def test_java_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    _, line = start_and_kill_parent(AS_PARENT, str(tmp_path / "kafka"))
    assert wait_until(lambda: not is_alive(int(line)))


def test_missing_programs_are_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sentence = missing()
    assert sentence is not None
    assert "openjdk-17-jdk-headless" in sentence
    with pytest.raises(KafkaUnusable, match="openjdk-17"):
        Broker(tmp_path / "kafka").start()


def test_jars_are_in_a_folder_that_git_ignores() -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", jars_folder()], check=False, cwd=ROOT)
    assert ignored.returncode == 0
