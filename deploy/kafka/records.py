"""What the five topics of a broker hold."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events import SEALED_TOPIC
from shared.kafka.topics import TOPICS
from shared.schema import SHARDS


async def kafka_ends(bootstrap: str) -> dict[tuple[str, int], int]:
    """Where each partition of the five topics ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        held = [
            TopicPartition(topic, number) for topic in (*TOPICS, SEALED_TOPIC) for number in range(SHARDS)
        ]
        ends = await consumer.end_offsets(held)
        return {(place.topic, place.partition): end for place, end in ends.items()}
    finally:
        await consumer.stop()


async def kafka_records(bootstrap: str) -> list[Any]:
    """Everything that the five topics hold, each partition in order."""
    ends = {at: end for at, end in (await kafka_ends(bootstrap)).items() if end}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*at) for at in ends])
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                found += messages
        return found
    finally:
        await consumer.stop()
