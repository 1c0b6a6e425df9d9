"""Bare consumer: read `count` records, insert them in batches, print the seconds."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

LARGEST_POLL = 1_000
INSERT = """
INSERT INTO bench.received SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[])
"""


async def measure(parameters: dict[str, Any]) -> float:
    connection = await asyncpg.connect(parameters["dsn"])
    consumer = AIOKafkaConsumer(
        bootstrap_servers=parameters["bootstrap"],
        enable_auto_commit=False,
        max_partition_fetch_bytes=2 * 1024 * 1024,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    began = time.perf_counter()
    offsets = {
        TopicPartition(parameters["topic"], int(number)): at for number, at in parameters["offsets"].items()
    }
    consumer.assign(list(offsets))
    for partition, offset in offsets.items():
        consumer.seek(partition, offset)
    remaining = parameters["count"]
    while remaining > 0:
        batches = await consumer.getmany(timeout_ms=1_000, max_records=LARGEST_POLL)
        rows = [
            (m.partition, m.offset, (m.key or b"").decode(), (m.value or b"").decode())
            for b in batches.values()
            for m in b
        ]
        remaining -= len(rows)
        if rows:
            await connection.execute(INSERT, *map(list, zip(*rows, strict=True)))
    seconds = time.perf_counter() - began
    await consumer.stop()
    await connection.close()
    return seconds


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(json.load(sys.stdin)))))
