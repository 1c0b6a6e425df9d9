"""Bare latency: send records at a steady rate, consume and insert them, print milliseconds."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

INSERT = "INSERT INTO bench.received SELECT 0, 0, unnest($1::text[]), ''"


async def measure(parameters: dict[str, Any]) -> list[float]:
    connection = await asyncpg.connect(parameters["dsn"])
    servers = {"bootstrap_servers": parameters["bootstrap"]}
    consumer = AIOKafkaConsumer(
        parameters["topic"], **servers, enable_auto_commit=False, fetch_max_wait_ms=100
    )
    producer = AIOKafkaProducer(**servers, acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    sending = asyncio.create_task(send(producer, parameters))
    latencies: list[float] = []
    while len(latencies) < parameters["count"]:
        batches = await consumer.getmany(timeout_ms=1_000)
        sent = [(message.value or b"").decode() for batch in batches.values() for message in batch]
        if sent:
            await connection.execute(INSERT, sent)
            latencies += [(time.perf_counter() - float(at)) * 1000 for at in sent]
    await sending
    await producer.stop()
    await consumer.stop()
    await connection.close()
    return latencies


async def send(producer: AIOKafkaProducer, parameters: dict[str, Any]) -> None:
    began = time.perf_counter()
    for number in range(parameters["count"]):
        await asyncio.sleep(max(0.0, began + number / parameters["rate"] - time.perf_counter()))
        await producer.send(parameters["topic"], str(time.perf_counter()).encode(), str(number).encode())


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(json.load(sys.stdin)))))
