"""deploy/kafka: a real Kafka broker of our own, on the machine's own terms."""

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
from tests.factories.deploy.processes import alive, kill_a_parent_that_runs, until
from tests.factories.repository import ROOT

# One process starts the broker once, for all of these.
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
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    kept = Broker(tmp_path_factory.mktemp("broker") / "kafka")
    yield kept
    kept.wipe()


@pytest.fixture
def broker(kept: Broker) -> Broker:
    """It runs, whatever a test before did to it; each test has a topic of its own."""
    if kept.running:
        kept.resume()
    else:
        kept.start()
    return kept


@asynccontextmanager
async def producer(broker: Broker) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=3000
    )
    await made.start()
    try:
        yield made
    finally:
        await asyncio.wait_for(made.stop(), 10)


async def make_topic(broker: Broker, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 24, 1)])
    await admin.close()


async def read(broker: Broker, topic: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await asyncio.wait_for(consumer.getone(), 20)).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_takes_a_message_dates_it_itself_and_gives_it_back_after_restart_and_crash(
    broker: Broker,
) -> None:
    await make_topic(broker, "pilar.taken")
    bootstrap = broker.bootstrap
    async with producer(broker) as sending:
        stored = await sending.send_and_wait("pilar.taken", b"one", key=b"k", timestamp_ms=1)
    assert (stored.timestamp_type, stored.timestamp > 1) == (1, True)
    broker.stop()
    broker.start()
    async with producer(broker) as sending:
        await sending.send_and_wait("pilar.taken", b"two", key=b"k")
    broker.kill()
    broker.start()
    assert broker.bootstrap == bootstrap
    assert await read(broker, "pilar.taken", 2) == [b"one", b"two"]


async def test_makes_no_topic_by_accident(broker: Broker) -> None:
    async with producer(broker) as sending:
        with pytest.raises(KafkaError):
            await asyncio.wait_for(sending.send_and_wait("pilar.misspelt", b"x"), 20)


async def test_a_pause_loses_nothing(broker: Broker) -> None:
    await make_topic(broker, "pilar.paused")
    async with producer(broker) as sending:
        await sending.send_and_wait("pilar.paused", b"before")
        broker.pause()
        sent = asyncio.create_task(sending.send_and_wait("pilar.paused", b"during"))
        assert (await asyncio.wait({sent}, timeout=1))[1] == {sent}
        broker.resume()
        await asyncio.wait_for(sent, 30)
    assert sorted(await read(broker, "pilar.paused", 2)) == [b"before", b"during"]


async def test_wiped_is_a_new_cluster_without_topics(broker: Broker) -> None:
    await make_topic(broker, "pilar.wiped")
    broker.wipe()
    broker.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    assert "pilar.wiped" not in await admin.list_topics()
    await admin.close()


def test_refuses_a_second_launcher_on_the_same_folder(broker: Broker) -> None:
    with pytest.raises(KafkaUnusable, match="already runs a broker"):
        Broker(broker.folder).start()
    assert broker.running


def test_leaves_no_java_when_its_parent_is_killed_outright(tmp_path: Path) -> None:
    _, line = kill_a_parent_that_runs(AS_PARENT, str(tmp_path / "kafka"))
    assert until(lambda: not alive(int(line)))


def test_says_in_one_sentence_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sentence = missing()
    assert sentence is not None
    assert "openjdk-17-jdk-headless" in sentence
    with pytest.raises(KafkaUnusable, match="openjdk-17"):
        Broker(tmp_path / "kafka").start()


def test_its_jars_lie_where_git_ignores_them() -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", jars_folder()], check=False, cwd=ROOT)
    assert ignored.returncode == 0
