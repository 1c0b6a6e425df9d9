"""Records and end offsets of all topics of a broker."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events import SEALED_TOPIC
from shared.kafka.topics import TOPICS
from shared.schema import SHARDS


async def kafka_ends(bootstrap: str) -> dict[tuple[str, int], int]:
    """Return the end offset of each partition of all topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number) for topic in (*TOPICS, SEALED_TOPIC) for number in range(SHARDS)
        ]
        ends = await consumer.end_offsets(partitions)
        return {(partition.topic, partition.partition): end for partition, end in ends.items()}
    finally:
        await consumer.stop()


async def kafka_records(bootstrap: str) -> list[Any]:
    """Return all records of all topics, each partition in order."""
    ends = {at: end for at, end in (await kafka_ends(bootstrap)).items() if end}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*at) for at in ends])
        records: list[Any] = []
        while len(records) < sum(ends.values()):
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                records += messages
        return records
    finally:
        await consumer.stop()
