"""Read from Kafka as one member of a subscription's group.

The offsets are those in the reader's own database.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.brokers import Brokers
from shared.kafka.timeouts import START_WITHIN, wait_at_most
from shared.messaging.consumer import StoredOffsets
from shared.messaging.envelope import Record, Undecodable, parse
from shared.messaging.subscription import Subscription

COMMIT_EVERY = 1.0
STOPPED_CHECK_SECONDS = 2.0
NO_PROGRESS = 30.0
LARGEST_POLL = 1_000

log = structlog.get_logger()


class AssignmentListener(ConsumerRebalanceListener):
    """Collects newly assigned partitions for the poll loop to seek.

    The client may deliver records before a slow listener has ended.
    """

    def __init__(self, assigned: set[TopicPartition]) -> None:
        """Collect into `assigned`."""
        self.assigned = assigned

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Do nothing: the next member reads from the stored offsets."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Collect the partitions. The poll loop seeks them before it accepts their records."""
        self.assigned.update(assigned)


@dataclass(slots=True)
class KafkaSource:
    """One member of a subscription's group. The offsets that count are in the reader's database."""

    brokers: Brokers
    group: str
    subscription: Subscription
    stored: StoredOffsets
    session_timeout_ms: int = 10_000
    unpositioned: set[TopicPartition] = field(default_factory=set[TopicPartition])
    positions: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])
    last_read: dict[TopicPartition, tuple[int, UUID]] = field(
        default_factory=dict[TopicPartition, tuple[int, UUID]]
    )
    halted: set[TopicPartition] = field(default_factory=set[TopicPartition])
    pending: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])
    committed_at: float = 0.0
    checked_at: float = 0.0
    moved_at: float = 0.0
    _consumer: AIOKafkaConsumer | None = None

    async def start(self, stored: Mapping[tuple[str, int], int], *, starts: str = "beginning") -> None:
        """Join the group."""
        del stored, starts
        consumer = AIOKafkaConsumer(
            **self.brokers.options,
            group_id=self.group,
            enable_auto_commit=False,
            # Has no effect: every position is set from a stored offset and checked (see `_accept`).
            auto_offset_reset="earliest",
            session_timeout_ms=self.session_timeout_ms,
            heartbeat_interval_ms=max(500, self.session_timeout_ms // 5),
            rebalance_timeout_ms=60_000,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            # With the default of 50 MiB, the first fetch of a backlog takes 0.2 s and 100 MB more memory.
            fetch_max_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
        )
        consumer.subscribe(self.subscription.topics, listener=AssignmentListener(self.unpositioned))
        self._consumer = consumer
        async with asyncio.timeout(START_WITHIN):
            await consumer.start()
        self.moved_at = time.monotonic()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The started client."""
        if self._consumer is None:
            message = "the source was not started"
            raise RuntimeError(message)
        return self._consumer

    async def poll(self, seconds: float = 1.0) -> list[Record]:
        """Return the next records of all assigned partitions, in order from the stored offsets on."""
        await self._commit()
        await self._resume_accepted()
        try:
            if self.unpositioned:
                await self._seek_assigned()
            batches = await self.consumer.getmany(timeout_ms=int(seconds * 1000), max_records=LARGEST_POLL)
        except KafkaError as error:
            # Records that this client fetched of other partitions may be lost, so start again from the database.
            message = f"kafka: {type(error).__name__}"
            raise ConnectionError(message) from error
        records: list[Record] = []
        for partition, messages in batches.items():
            records += await self._accept(partition, messages)
        self._check_progress(bool(records))
        return records

    async def _seek_assigned(self) -> None:
        """Seek newly assigned partitions to one record before their stored offset.

        The record there must be the last one read. Another one means that the topic was recreated.
        """
        assigned = self.unpositioned & self.consumer.assignment()
        self.unpositioned.intersection_update(assigned)
        if not assigned:
            return
        stored = await self.stored.refresh()
        begin = await self.consumer.beginning_offsets(list(assigned))
        end = await self.consumer.end_offsets(list(assigned))
        for partition in assigned:
            self.last_read.pop(partition, None)
            self.halted.discard(partition)
            await self._seek(partition, stored, begin[partition], end[partition])
        self.unpositioned.difference_update(assigned)

    async def _seek(self, partition: TopicPartition, stored: StoredOffsets, begin: int, end: int) -> None:
        place = (partition.topic, partition.partition)
        offset = stored.offsets.get(place)
        if offset is None:
            offset = begin
            await stored.store_first_offset(
                place, begin, now=end if self.subscription.starts == "now" else None
            )
        last = stored.last_ids.get(place)
        if last is None and offset < begin and place not in stored.stopped:
            offset = begin  # Nothing of this log was read, so nothing is missed that retention has deleted.
            await stored.set_first_offset(place, begin)
        if place in stored.stopped or offset > end or offset < begin:
            await self._halt(partition, "the log does not have the stored offset")
            return
        if last is not None and offset > begin:
            self.last_read[partition] = (offset - 1, UUID(last))
            self.consumer.seek(partition, offset - 1)
        else:
            self.consumer.seek(partition, offset)
        self.consumer.resume(partition)
        self.positions[partition] = offset
        self.stored.adopt_generation(place, stored)

    async def _accept(self, partition: TopicPartition, messages: Sequence[Any]) -> list[Record]:
        if partition in self.unpositioned or partition in self.halted or partition not in self.positions:
            return []
        records = [_record(message) for message in messages]
        if partition in self.last_read:
            offset, event_id = self.last_read.pop(partition)
            if records[0].offset != offset or _id_of(records[0]) != event_id:
                await self._halt(partition, "the log has another event at the last offset read")
                return []
            records = records[1:]
        if records and records[0].offset != self.positions[partition]:
            self.unpositioned.add(partition)  # The client changed the position itself, so seek again.
            return []
        if records:
            self.positions[partition] = records[-1].offset + 1
        return records

    async def _halt(self, partition: TopicPartition, reason: str) -> None:
        # A recreated or truncated topic is not read until an operator runs `accept-topic`.
        self.halted.add(partition)
        self.consumer.pause(partition)
        await self.stored.stop_partition((partition.topic, partition.partition), reason)
        log.error("partition_stopped", group=self.group, topic=partition.topic, partition=partition.partition)

    async def _resume_accepted(self) -> None:
        now = time.monotonic()
        if not self.halted or now - self.checked_at < STOPPED_CHECK_SECONDS:
            return
        self.checked_at = now
        stopped = (await self.stored.refresh()).stopped
        self.unpositioned.update(p for p in self.halted if (p.topic, p.partition) not in stopped)
        if not stopped:
            self.stored.mark_running()

    def _check_progress(self, moved: bool) -> None:
        now = time.monotonic()
        if moved or not self._behind():
            self.moved_at = now
        elif now - self.moved_at > NO_PROGRESS:
            message = "no progress although there is something to read"
            raise ConnectionError(message)

    def _behind(self) -> bool:
        return any(
            (self.consumer.highwater(partition) or 0) > position
            for partition, position in self.positions.items()
            if partition not in self.halted and partition in self.consumer.assignment()
        )

    async def applied(self, records: Sequence[Record]) -> None:
        """Note the offsets to commit to Kafka, which only lag tools read."""
        last = {(record.topic, record.partition): record.offset for record in records}
        self.pending.update({TopicPartition(*at): offset + 1 for at, offset in last.items()})

    async def _commit(self) -> None:
        now = time.monotonic()
        if not self.pending or now - self.committed_at < COMMIT_EVERY:
            return
        assigned = self.consumer.assignment()
        offsets = {partition: offset for partition, offset in self.pending.items() if partition in assigned}
        self.pending.clear()
        self.committed_at = now
        if offsets:
            await wait_at_most(self.consumer.commit(offsets), 2)

    async def reposition(self) -> None:
        """Seek to the stored offsets, after another member or a rebuild has changed them."""
        self.unpositioned.update(self.consumer.assignment())

    async def lag(self) -> int | None:
        """Return how many records of the assigned partitions are unread, None while unknown."""
        assigned = self.consumer.assignment()
        if not assigned or self.unpositioned:
            return None
        # Fast path: each fetch brings the ends. A request for them waits up to 100 ms behind a fetch (bench: replica).
        ends = {
            partition: self.consumer.highwater(partition) for partition in assigned & self.positions.keys()
        }
        # A stopped partition is not fetched.
        ends |= await self.consumer.end_offsets(ends.keys() & self.halted) if self.halted else {}
        if None in ends.values():
            return None
        return sum(max(0, (end or 0) - self.positions[partition]) for partition, end in ends.items())

    async def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self.committed_at = 0.0
            await wait_at_most(consumer.stop())


def _record(message: Any) -> Record:
    key = message.key.decode("utf-8", "replace") if message.key is not None else None
    return Record(message.topic, message.partition, message.offset, key, message.value or b"")


def _id_of(record: Record) -> UUID | None:
    try:
        return parse(record).meta.event_id
    except Undecodable:
        return None
