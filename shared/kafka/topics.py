"""The five topics, and making them."""

import asyncio
import contextlib
from datetime import timedelta

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from shared.events import SEALED_KEPT, SEALED_TOPIC
from shared.kafka.waiting import START_WITHIN, bounded
from shared.schema import SHARDS

TOPICS = ("pilar.registry", "pilar.caseload", "pilar.graduation", "pilar.referral")
SEALED_KEPT_MS = SEALED_KEPT // timedelta(milliseconds=1)


async def create_topics(bootstrap: str, *, replication: int = 1) -> None:
    """Make the five topics: 24 partitions for ever, time by the broker, kept without limit (sealed: 7 days)."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with asyncio.timeout(START_WITHIN):
            await admin.start()
            for topic in (*TOPICS, SEALED_TOPIC):
                kept = SEALED_KEPT_MS if topic == SEALED_TOPIC else -1
                configs = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(kept)}
                new = NewTopic(topic, SHARDS, replication, topic_configs=configs)
                with contextlib.suppress(TopicAlreadyExistsError):
                    await admin.create_topics([new])
    finally:
        await bounded(admin.close())
