"""What counts as acknowledged: all in-sync replicas have the record, written once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.database import uuid7
from shared.kafka.brokers import Brokers
from shared.kafka.producer import KafkaPublisher
from shared.messaging.outbox import LARGEST_BODY
from shared.messaging.relay import Unsent
from tests.factories.messaging.kafka_transport import TOPIC, KafkaTransport

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


@pytest.fixture
async def publisher(transport: KafkaTransport) -> AsyncIterator[KafkaPublisher]:
    made = KafkaPublisher(Brokers(transport.bootstrap), send_within=3)
    yield made
    await made.close()


def build_row(topic: str, outbox_id: int = 1, body: str = "{}") -> Unsent:
    return Unsent(0, outbox_id, datetime.now(UTC), uuid7(), topic, "key", body)


async def publish(publisher: KafkaPublisher, *rows: Unsent) -> set[int]:
    return await publisher.publish(None, rows)  # type: ignore[arg-type]


async def test_record_that_the_broker_refuses_is_not_acknowledged(
    publisher: KafkaPublisher, transport: KafkaTransport
) -> None:
    small, other = await transport.create_topic(max_message_bytes="1000"), await transport.create_topic()
    rows = (build_row(other, 1), build_row(small, 2, "x" * 5_000), build_row(other, 3))
    assert 2 in await publish(publisher, *rows)
    assert await publish(publisher, build_row(other, 4), build_row(small, 5)) == set()


async def test_records_of_many_batches_are_stored_in_order_on_their_shards_partition(
    publisher: KafkaPublisher, transport: KafkaTransport
) -> None:
    sizes = [100, LARGEST_BODY, 70_000, 70_000, 100, LARGEST_BODY, LARGEST_BODY, *[900] * 400]
    rows = [
        replace(build_row(TOPIC, number, f"{number}:".ljust(size, "x")), shard=number % 2 * 7)
        for number, size in enumerate(sizes)
    ]
    assert await publish(publisher, *rows) == set()
    log = await transport.read_log(None)  # type: ignore[arg-type]
    stored = {
        partition: [record.value.decode() for record in log if record.partition == partition]
        for partition in (0, 7)
    }
    assert stored == {shard: [row.body for row in rows if row.shard == shard] for shard in (0, 7)}
    assert len(log) == len(rows)


async def test_producer_writes_each_record_once_and_waits_for_all_replicas(
    publisher: KafkaPublisher, transport: KafkaTransport
) -> None:
    assert await publish(publisher, build_row(await transport.create_topic())) == set()
    producer = publisher._producer  # What the client does with its settings is not visible from outside.
    assert producer is not None
    assert producer._sender._acks == -1
    assert producer._txn_manager is not None, "the producer is not idempotent"
    assert producer._txn_manager.has_pid()
