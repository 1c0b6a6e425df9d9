"""Send to Kafka in order, and report what was not acknowledged."""

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.kafka.brokers import Brokers
from shared.kafka.timeouts import wait_at_most
from shared.messaging.relay import Unsent

SEND_WITHIN = 15
CONTENT_TYPE = ("content-type", b"application/cloudevents+json")
TRACEPARENT = re.compile(rb'"traceparent":"([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})","data":')


@dataclass(slots=True)
class KafkaPublisher:
    """Sends through an idempotent producer, and replaces it after any error.

    An idempotent producer cannot send any more after a failed batch.
    """

    brokers: Brokers
    send_within: float = SEND_WITHIN
    clears_sealed: bool = True
    _producer: AIOKafkaProducer | None = None

    async def publish(self, connection: asyncpg.Connection, rows: Sequence[Unsent]) -> set[int]:
        """Send `rows` in order, wait for all, and return the ids not acknowledged.

        What was not acknowledged may still arrive.
        """
        del connection
        sent: list[tuple[list[Unsent], asyncio.Future[Any]]] = []
        with contextlib.suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(self.send_within):
                producer = await self._started()
                for batch, included in _build_batches(producer, rows):
                    topic, partition = included[0].topic, included[0].shard
                    future = await producer.send_batch(batch, topic, partition=partition)
                    sent.append((included, future))
                if sent:
                    await asyncio.wait([future for _, future in sent])
        stored = {row.outbox_id for included, future in sent if _acknowledged(future) for row in included}
        failed = {row.outbox_id for row in rows} - stored
        if failed:
            await self.close()
        return failed

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self.brokers.options,
                acks="all",
                enable_idempotence=True,
                max_batch_size=128 * 1024,
                request_timeout_ms=10_000,
            )
            try:
                await producer.start()
            except BaseException:
                await wait_at_most(producer.stop(), 1)
                raise
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        """Stop the producer. Records that it has not sent are still in `unsent`."""
        producer, self._producer = self._producer, None
        if producer is not None and not await wait_at_most(producer.stop()):
            await _abandon(producer)


def _build_batches(
    producer: AIOKafkaProducer, rows: Sequence[Unsent]
) -> Iterator[tuple[BatchBuilder, list[Unsent]]]:
    """Yield the batches of each partition in order, with their rows.

    A shard is a partition.
    """
    # Fast path: an event costs 6 microseconds instead of 30 with a call for each (bench: relay).
    by_partition: dict[tuple[str, int], list[Unsent]] = {}
    for row in rows:
        by_partition.setdefault((row.topic, row.shard), []).append(row)
    now = time.time_ns() // 1_000_000
    for waiting in by_partition.values():
        batch, included = producer.create_batch(), list[Unsent]()
        for row in waiting:
            value = (row.body or "").encode()
            record = {"timestamp": now, "key": row.key.encode(), "value": value, "headers": headers_of(value)}
            if batch.append(**record) is None:
                yield batch, included
                batch, included = producer.create_batch(), []
                batch.append(**record)
            included.append(row)
        yield batch, included


def headers_of(body: bytes) -> list[tuple[str, bytes]]:
    """Return the Kafka headers of an event, with its trace if it has one."""
    # The envelope has it right before the data, so it is found without parsing.
    traceparent = TRACEPARENT.search(body)
    return [CONTENT_TYPE, ("traceparent", traceparent[1])] if traceparent else [CONTENT_TYPE]


async def _abandon(producer: AIOKafkaProducer) -> None:
    # Without its broker the producer retries for ever, and would send its old records once the broker is back.
    task = getattr(producer._sender, "_sender_task", None)  # noqa: SLF001 (its own stop waits for the broker)
    if task is not None:
        task.cancel()
    await wait_at_most(producer.client.close(), 1)


def _acknowledged(future: "asyncio.Future[Any]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
