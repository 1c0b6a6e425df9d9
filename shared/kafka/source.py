"""Reading from Kafka as one member of a subscription's group, from where the reader's own database says."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.waiting import START_WITHIN, bounded
from shared.messaging.consumer import Stored
from shared.messaging.envelope import Record, Undecodable, parse
from shared.messaging.subscription import Subscription

COMMIT_EVERY = 1.0
LOOK_AGAIN_AT_STOPPED = 2.0
NO_PROGRESS = 30.0
LARGEST_POLL = 1_000

log = structlog.get_logger()


class Noticed(ConsumerRebalanceListener):
    """Only notes what is newly assigned: the client hands out records before a slow listener ends."""

    def __init__(self, fresh: set[TopicPartition]) -> None:
        """Note into `fresh`."""
        self.fresh = fresh

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Whoever gets these next reads from what is stored."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """These are positioned in the poll loop before anything of theirs counts."""
        self.fresh.update(assigned)


@dataclass(slots=True)
class KafkaSource:
    """One member of a subscription's group. The truth about offsets is in the reader's database."""

    bootstrap: str
    group: str
    subscription: Subscription
    stored: Stored
    session_timeout_ms: int = 10_000
    fresh: set[TopicPartition] = field(default_factory=set[TopicPartition])
    positions: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])
    remembered: dict[TopicPartition, tuple[int, UUID]] = field(
        default_factory=dict[TopicPartition, tuple[int, UUID]]
    )
    halted: set[TopicPartition] = field(default_factory=set[TopicPartition])
    pending: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])
    committed_at: float = 0.0
    looked_at: float = 0.0
    moved_at: float = 0.0
    _consumer: AIOKafkaConsumer | None = None

    async def start(self, stored: Mapping[tuple[str, int], int], *, starts: str = "beginning") -> None:
        """Join the group."""
        del stored, starts
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            group_id=self.group,
            enable_auto_commit=False,
            # Never decides where we read: every position is set from what is stored, and checked (see `_taken`).
            auto_offset_reset="earliest",
            session_timeout_ms=self.session_timeout_ms,
            heartbeat_interval_ms=max(500, self.session_timeout_ms // 5),
            rebalance_timeout_ms=60_000,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            fetch_max_wait_ms=100,
        )
        consumer.subscribe(self.subscription.topics, listener=Noticed(self.fresh))
        self._consumer = consumer
        async with asyncio.timeout(START_WITHIN):
            await consumer.start()
        self.moved_at = time.monotonic()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The client, once started."""
        if self._consumer is None:
            message = "the source was not started"
            raise RuntimeError(message)
        return self._consumer

    async def poll(self, seconds: float = 1.0) -> list[Record]:
        """Return the next records of all partitions held, each partition in order and from the stored offset on."""
        await self._commit()
        await self._look_at_halted()
        try:
            if self.fresh:
                await self._position()
            batches = await self.consumer.getmany(timeout_ms=int(seconds * 1000), max_records=LARGEST_POLL)
        except KafkaError as error:
            # What this client drained for other partitions may be lost with the error: begin anew from the database.
            message = f"kafka: {type(error).__name__}"
            raise ConnectionError(message) from error
        records: list[Record] = []
        for partition, messages in batches.items():
            records += await self._taken(partition, messages)
        self._watch(bool(records))
        return records

    async def _position(self) -> None:
        """Seek what is newly held to its stored offset, one record back, so that the log can be recognised."""
        held = self.fresh & self.consumer.assignment()
        self.fresh.intersection_update(held)
        if not held:
            return
        stored = await self.stored.refresh()
        begin = await self.consumer.beginning_offsets(list(held))
        end = await self.consumer.end_offsets(list(held))
        for partition in held:
            self.remembered.pop(partition, None)
            self.halted.discard(partition)
            await self._place(partition, stored, begin[partition], end[partition])
        self.fresh.difference_update(held)

    async def _place(self, partition: TopicPartition, stored: Stored, begin: int, end: int) -> None:
        place = (partition.topic, partition.partition)
        wanted = stored.offsets.get(place)
        if wanted is None:
            wanted = begin
            await stored.remember(place, begin, now=end if self.subscription.starts == "now" else None)
        last = stored.last_ids.get(place)
        if last is None and wanted < begin and place not in stored.stopped:
            wanted = begin  # nothing of this log was read: what a retention took was never ours
            await stored.begin_at(place, begin)
        if place in stored.stopped or wanted > end or wanted < begin:
            await self._halt(partition, "the topic is shorter than what was read of it")
            return
        if last is not None and wanted > begin:
            self.remembered[partition] = (wanted - 1, UUID(last))
            self.consumer.seek(partition, wanted - 1)
        else:
            self.consumer.seek(partition, wanted)
        self.consumer.resume(partition)
        self.positions[partition] = wanted
        self.stored.take(place, stored)

    async def _taken(self, partition: TopicPartition, messages: Sequence[Any]) -> list[Record]:
        if partition in self.fresh or partition in self.halted or partition not in self.positions:
            return []
        records = [_record(message) for message in messages]
        if partition in self.remembered:
            offset, event_id = self.remembered.pop(partition)
            if records[0].offset != offset or _id_of(records[0]) != event_id:
                await self._halt(partition, "another event stands where the last one read stood")
                return []
            records = records[1:]
        if records and records[0].offset != self.positions[partition]:
            self.fresh.add(partition)  # the client moved by itself: position anew
            return []
        if records:
            self.positions[partition] = records[-1].offset + 1
        return records

    async def _halt(self, partition: TopicPartition, reason: str) -> None:
        """A recreated or truncated topic is noticed, never skipped: it stands until `accept-topic`."""
        self.halted.add(partition)
        self.consumer.pause(partition)
        await self.stored.stop((partition.topic, partition.partition), reason)
        log.error("partition_stopped", group=self.group, topic=partition.topic, partition=partition.partition)

    async def _look_at_halted(self) -> None:
        now = time.monotonic()
        if not self.halted or now - self.looked_at < LOOK_AGAIN_AT_STOPPED:
            return
        self.looked_at = now
        stopped = (await self.stored.refresh()).stopped
        self.fresh.update(p for p in self.halted if (p.topic, p.partition) not in stopped)
        if not stopped:
            self.stored.flows()

    def _watch(self, moved: bool) -> None:
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
        """Let Kafka's own committed offset follow, for lag tools."""
        for record in records:
            self.pending[TopicPartition(record.topic, record.partition)] = record.offset + 1

    async def _commit(self) -> None:
        now = time.monotonic()
        if not self.pending or now - self.committed_at < COMMIT_EVERY:
            return
        held = self.consumer.assignment()
        offsets = {partition: offset for partition, offset in self.pending.items() if partition in held}
        self.pending.clear()
        self.committed_at = now
        if offsets:
            await bounded(self.consumer.commit(offsets), 2)

    async def reposition(self) -> None:
        """Go to where the database says, after another member or a rebuild has moved it."""
        self.fresh.update(self.consumer.assignment())

    async def lag(self) -> int | None:
        """Return how many records of the partitions held are not read yet; None before they are known."""
        held = list(self.consumer.assignment())
        if not held or self.fresh:
            return None
        held = [partition for partition in held if partition in self.positions]
        ends = await self.consumer.end_offsets(held)
        return sum(max(0, ends[partition] - self.positions[partition]) for partition in held)

    async def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self.committed_at = 0.0
            await bounded(consumer.stop())


def _record(message: Any) -> Record:
    key = message.key.decode("utf-8", "replace") if message.key is not None else None
    return Record(message.topic, message.partition, message.offset, key, message.value or b"")


def _id_of(record: Record) -> UUID | None:
    try:
        return parse(record).meta.event_id
    except Undecodable:
        return None
