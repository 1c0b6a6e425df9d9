"""The topics, and their creation."""

import asyncio
import contextlib
from datetime import timedelta

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from shared.events import AUDIT_TOPIC, SEALED_RETENTION, SEALED_TOPIC
from shared.kafka.brokers import Brokers
from shared.kafka.timeouts import START_WITHIN, wait_at_most
from shared.schema import SHARDS

SERVICES = ("registry", "caseload", "graduation", "referral")
TOPICS = (*(f"pilar.{service}" for service in SERVICES), *(f"{AUDIT_TOPIC}{service}" for service in SERVICES))
SEALED_RETENTION_MS = SEALED_RETENTION // timedelta(milliseconds=1)


async def create_topics(brokers: Brokers, *, replication: int = 1) -> None:
    """Create the topics: 24 partitions, the broker's timestamps, unlimited retention (sealed: 7 days)."""
    admin = AIOKafkaAdminClient(**brokers.options)
    try:
        async with asyncio.timeout(START_WITHIN):
            await admin.start()
            for topic in (*TOPICS, SEALED_TOPIC):
                retention_ms = SEALED_RETENTION_MS if topic == SEALED_TOPIC else -1
                configs = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(retention_ms)}
                new = NewTopic(topic, SHARDS, replication, topic_configs=configs)
                with contextlib.suppress(TopicAlreadyExistsError):
                    await admin.create_topics([new])
    finally:
        await wait_at_most(admin.close())
