"""Kafka as the transport of a service pair, with topics recreated for each test."""

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)

from shared.kafka.brokers import Brokers
from shared.kafka.producer import KafkaPublisher
from shared.kafka.source import KafkaSource
from shared.messaging.envelope import Record
from shared.schema import SHARDS
from tests.factories.messaging.events import SEALED, TOPIC

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker
    from shared.messaging.consumer import Source, StoredOffsets
    from shared.messaging.relay import Publisher
    from shared.messaging.subscription import Subscription
    from tests.factories.messaging.service_pair import ServicePair


class KafkaTransport:
    """Kafka as the transport."""

    name = "kafka"

    def __init__(self, bootstrap: str, group: str, *, send_within: float = 15) -> None:
        self.bootstrap, self.group, self.send_within = bootstrap, group, send_within

    def describe(self) -> dict[str, str]:
        return {"bootstrap": self.bootstrap, "group": self.group}

    def publisher(self) -> "Publisher":
        return KafkaPublisher(Brokers(self.bootstrap), send_within=self.send_within)

    def source(
        self, stage: "ServicePair", subscription: "Subscription", stored: "StoredOffsets", name: str = ""
    ) -> "Source":
        del stage
        group = f"{self.group}.{name or subscription.name}"
        return KafkaSource(Brokers(self.bootstrap), group, subscription, stored, session_timeout_ms=3_000)

    async def read_log(self, stage: "ServicePair", topic: str = TOPIC) -> list[Record]:
        del stage
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50
        )
        await consumer.start()
        try:
            return await _read_all(consumer, topic)
        finally:
            await consumer.stop()

    async def append(self, stage: "ServicePair", topic: str, key: str, value: bytes) -> None:
        del stage
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        try:
            await producer.send_and_wait(topic, value, key.encode())
        finally:
            await producer.stop()

    async def count_members(self, name: str) -> int:
        """Return how many members a group has, 0 while it rebalances or has no coordinator."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            (answer,) = await admin.describe_consumer_groups([f"{self.group}.{name}"])
        except GroupCoordinatorNotAvailableError:
            return 0
        else:
            (group,) = answer.to_object()["groups"]
            return len(group["members"]) if group["state"] == "Stable" else 0
        finally:
            await admin.close()

    async def recreate(self, stage: "ServicePair", topic: str = TOPIC) -> None:
        del stage
        await self.recreate_topics(topic)

    async def create_topic(self, **settings: str) -> str:
        """Create a topic of one partition with these settings, and return its name."""
        topic = f"topic-{secrets.token_hex(4)}"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            configs = {name.replace("_", "."): value for name, value in settings.items()}
            await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=configs)])
        finally:
            await admin.close()
        return topic

    async def recreate_topics(self, *topics: str) -> None:
        """Delete topics and create them again, as `create_topics` does."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            with contextlib.suppress(UnknownTopicOrPartitionError):
                await admin.delete_topics(list(topics))
            for _ in range(100):
                try:
                    await admin.create_topics(
                        [
                            NewTopic(
                                topic, SHARDS, 1, topic_configs={"message.timestamp.type": "LogAppendTime"}
                            )
                            for topic in topics
                        ]
                    )
                except TopicAlreadyExistsError:
                    await asyncio.sleep(0.05)
                else:
                    return
        finally:
            await admin.close()


async def _read_all(consumer: AIOKafkaConsumer, topic: str) -> list[Record]:
    partitions = [TopicPartition(topic, number) for number in range(SHARDS)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    unfinished = {partition for partition, end in ends.items() if end}
    for partition in partitions:
        consumer.seek(partition, 0)
    by_partition: dict[TopicPartition, list[Record]] = {partition: [] for partition in partitions}
    while unfinished:
        batches = await asyncio.wait_for(consumer.getmany(timeout_ms=500), 20)
        for partition, messages in batches.items():
            by_partition[partition] += [
                Record(topic, one.partition, one.offset, (one.key or b"").decode(), one.value or b"")
                for one in messages
            ]
            if messages and messages[-1].offset + 1 >= ends[partition]:
                unfinished.discard(partition)
    return [record for partition in partitions for record in by_partition[partition]]


STAGE_TOPICS = (TOPIC, SEALED)


async def prepare_kafka(broker: "Broker") -> KafkaTransport:
    """Start the broker if a test has stopped it, and empty the topics."""
    if not broker.running:
        broker.start()
    transport = KafkaTransport(broker.bootstrap, f"stage-{secrets.token_hex(4)}")
    await transport.recreate_topics(*STAGE_TOPICS)
    return transport
