"""Bare idempotent producer: send the same bodies and keys, print the seconds."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

SAME_BODIES = "SELECT key, body FROM platform.outbox WHERE outbox_id > $1 ORDER BY outbox_id"


async def measure(parameters: dict[str, Any]) -> float:
    connection = await asyncpg.connect(parameters["dsn"])
    records = await connection.fetch(SAME_BODIES, parameters["after"])
    rows = [(row["key"].encode(), row["body"].encode()) for row in records]
    producer = AIOKafkaProducer(
        bootstrap_servers=parameters["bootstrap"],
        acks="all",
        enable_idempotence=True,
        max_batch_size=128 * 1024,
    )
    await producer.start()
    await producer.partitions_for(parameters["topic"])
    began = time.perf_counter()
    futures = [await producer.send(parameters["topic"], body, key) for key, body in rows]
    await asyncio.gather(*futures)
    seconds = time.perf_counter() - began
    await producer.stop()
    await connection.close()
    return seconds


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(json.load(sys.stdin)))))
