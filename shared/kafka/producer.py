"""Send to Kafka in order, and report what was not acknowledged."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.kafka.timeouts import wait_at_most
from shared.messaging.relay import Unsent

SEND_WITHIN = 15


@dataclass(slots=True)
class KafkaPublisher:
    """Sends through an idempotent producer, and replaces it after any error.

    An idempotent producer cannot send any more after a failed batch.
    """

    bootstrap: str
    send_within: float = SEND_WITHIN
    clears_sealed: bool = True
    _producer: AIOKafkaProducer | None = None

    async def publish(self, connection: asyncpg.Connection, rows: Sequence[Unsent]) -> set[int]:
        """Send `rows` in order, wait for all, and return the ids not acknowledged.

        What was not acknowledged may still arrive.
        """
        del connection
        futures: list[asyncio.Future[Any]] = []
        with contextlib.suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(self.send_within):
                producer = await self._started()
                for row in rows:
                    future = await producer.send(row.topic, (row.body or "").encode(), row.key.encode())
                    futures.append(future)
                await asyncio.wait(futures)
        failed = {
            row.outbox_id
            for number, row in enumerate(rows)
            if number >= len(futures) or not _acknowledged(futures[number])
        }
        if failed:
            await self.close()
        return failed

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap,
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


async def _abandon(producer: AIOKafkaProducer) -> None:
    # Without its broker the producer retries for ever, and would send its old records once the broker is back.
    task = getattr(producer._sender, "_sender_task", None)  # noqa: SLF001 (its own stop waits for the broker)
    if task is not None:
        task.cancel()
    await wait_at_most(producer.client.close(), 1)


def _acknowledged(future: "asyncio.Future[Any]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
