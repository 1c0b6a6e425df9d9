"""A bare idempotent producer: the same bodies under the same keys to a topic of its own; prints the seconds."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

SAME_BODIES = "SELECT key, body FROM platform.outbox WHERE outbox_id > $1 ORDER BY outbox_id"


async def measure(asked: dict[str, Any]) -> float:
    connection = await asyncpg.connect(asked["dsn"])
    found = await connection.fetch(SAME_BODIES, asked["after"])
    rows = [(row["key"].encode(), row["body"].encode()) for row in found]
    producer = AIOKafkaProducer(
        bootstrap_servers=asked["bootstrap"],
        acks="all",
        enable_idempotence=True,
        max_batch_size=128 * 1024,
    )
    await producer.start()
    await producer.partitions_for(asked["topic"])
    began = time.perf_counter()
    futures = [await producer.send(asked["topic"], body, key) for key, body in rows]
    await asyncio.gather(*futures)
    seconds = time.perf_counter() - began
    await producer.stop()
    await connection.close()
    return seconds


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(json.load(sys.stdin)))))
