"""The transport of one machine: a log table in the publisher's own database."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

from shared.database import Database
from shared.events import SEALED_TOPIC
from shared.messaging.envelope import Record
from shared.messaging.relay import Unsent
from shared.schema import SHARDS

if TYPE_CHECKING:
    from shared.messaging.consumer import StoredOffsets

SLOW_POLL_SECONDS = 1.0
STOPPED_CHECK_SECONDS = 2.0
LOCK_SPACE = 0x50494C4C

# LocalPublisher locks each partition, because a republish may run beside the relay.
APPEND = """
INSERT INTO platform.local_log (topic, partition, "offset", outbox_id, recorded_at)
SELECT topic, partition,
       coalesce((SELECT max("offset") + 1 FROM platform.local_log l
                 WHERE l.topic = n.topic AND l.partition = n.partition), 0)
       + row_number() OVER (PARTITION BY topic, partition ORDER BY number) - 1,
       outbox_id, recorded_at
FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::timestamptz[]) WITH ORDINALITY
    AS n(topic, partition, outbox_id, recorded_at, number)
"""
# In the order of outbox_id across partitions, but strictly by offset within each. A republish appends old ids at new
# offsets, so `written` is the highest id up to an offset.
READ = """
SELECT l.partition, l."offset", o.key, o.body
FROM (
    SELECT p.partition, f."offset", f.outbox_id, f.recorded_at,
           max(f.outbox_id) OVER (PARTITION BY p.partition ORDER BY f."offset") AS written
    FROM unnest($2::smallint[], $3::bigint[]) AS p(partition, next_offset)
    CROSS JOIN LATERAL (
        SELECT "offset", outbox_id, recorded_at FROM platform.local_log
        WHERE topic = $1 AND partition = p.partition AND "offset" >= p.next_offset
        ORDER BY "offset" LIMIT $4
    ) AS f
    ORDER BY written, p.partition, f."offset" LIMIT $4
) AS l
JOIN platform.outbox o ON o.recorded_at = l.recorded_at AND o.outbox_id = l.outbox_id
ORDER BY l.written, l.partition, l."offset"
"""
BEFORE = """
SELECT l.partition, o.event_id
FROM unnest($2::smallint[], $3::bigint[]) AS p(partition, next_offset)
JOIN platform.local_log l ON l.topic = $1 AND l.partition = p.partition AND l."offset" = p.next_offset - 1
JOIN platform.outbox o ON o.recorded_at = l.recorded_at AND o.outbox_id = l.outbox_id
"""
CLEAR_SEALED = f"""
UPDATE platform.outbox AS o SET body = NULL FROM platform.local_log l
JOIN unnest($1::smallint[], $2::bigint[]) AS done("partition", next_offset)
    ON l.partition = done.partition AND l."offset" < done.next_offset
WHERE l.topic = '{SEALED_TOPIC}' AND o.recorded_at = l.recorded_at AND o.outbox_id = l.outbox_id AND o.body IS NOT NULL
"""  # noqa: S608 (a constant)


@dataclass(slots=True)
class LocalPublisher:
    """Appends to the log in the transaction that clears `unsent`. A shard is a partition."""

    clears_sealed: bool = False

    async def publish(self, connection: asyncpg.Connection, rows: Sequence[Unsent]) -> set[int]:
        """Append all `rows` in order."""
        for partition in sorted({row.shard for row in rows}):
            await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", LOCK_SPACE, partition)
        await connection.execute(
            APPEND,
            [row.topic for row in rows],
            [row.shard for row in rows],
            [row.outbox_id for row in rows],
            [row.recorded_at for row in rows],
        )
        return set()

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


@dataclass(slots=True)
class LocalSource:
    """Reads the logs of other services' databases for one subscription."""

    publishers: Mapping[str, Database]
    topics: Sequence[str]
    max_records: int = 1_000
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    positions: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    halted: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    checked_at: float = 0.0
    stored: "StoredOffsets | None" = None

    async def start(self, stored: Mapping[tuple[str, int], int], *, starts: str = "beginning") -> None:
        """Start at the stored offsets, or at the beginning of a partition without one."""
        if self.stored is not None:
            await self.check(self.stored)
        self.positions = {
            (topic, partition): stored.get((topic, partition), 0)
            for topic in self.topics
            for partition in range(SHARDS)
        }
        if starts == "now" and self.stored is not None:
            await self._store_start_offsets(self.stored, stored)

    async def _store_start_offsets(
        self, reader: "StoredOffsets", stored: Mapping[tuple[str, int], int]
    ) -> None:
        for topic in self.topics:
            new = [partition for partition in range(SHARDS) if (topic, partition) not in stored]
            ends = await self._ends(topic) if new else {}
            for partition in new:
                await reader.store_first_offset((topic, partition), 0, now=ends.get(partition, 0))

    async def check(self, stored: "StoredOffsets") -> None:
        """Stop each partition whose log has another record at the last offset read."""
        for topic in set(self.topics):
            read = {place[1]: last for place, last in stored.last_ids.items() if place[0] == topic}
            partitions = [partition for partition in read if stored.offsets[topic, partition] > 0]
            offsets = [stored.offsets[topic, partition] for partition in partitions]
            rows = await self._fetch(topic, BEFORE, topic, partitions, offsets) if partitions else []
            there = {row["partition"]: str(row["event_id"]) for row in rows}
            for partition in partitions:
                if there.get(partition) != read[partition]:
                    reason = "the log has another event at the last offset read"
                    await stored.stop_partition((topic, partition), reason)
                    stored.stopped.setdefault((topic, partition), reason)
        self.halted = set(stored.stopped)

    async def reposition(self) -> None:
        """Continue from the stored offsets, after another reader or a rebuild has changed them."""
        if self.stored is None:
            return
        fresh = await self.stored.refresh()
        for place in self.positions:
            self.positions[place] = fresh.offsets.get(place, 0)
            self.stored.adopt_generation(place, fresh)

    async def _ends(self, topic: str) -> dict[int, int]:
        rows = await self._fetch(
            topic,
            'SELECT partition, max("offset") + 1 FROM platform.local_log WHERE topic = $1 GROUP BY 1',
            topic,
        )
        return {row[0]: row[1] for row in rows}

    async def poll(self, seconds: float = SLOW_POLL_SECONDS) -> list[Record]:
        """Return the next records of all topics in the order written.

        Without any it waits up to `seconds`.
        """
        self.wakeup.clear()
        await self._resume_accepted()
        records: list[Record] = []
        for topic in self.topics:
            records += await self._read(topic)
        if not records and seconds:
            try:
                async with asyncio.timeout(seconds):
                    await self.wakeup.wait()
            except TimeoutError:
                return []
        return records

    async def _resume_accepted(self) -> None:
        now = time.monotonic()
        if not self.halted or self.stored is None or now - self.checked_at < STOPPED_CHECK_SECONDS:
            return
        self.checked_at = now
        fresh = await self.stored.refresh()
        for place in self.halted - set(fresh.stopped):
            self.positions[place] = fresh.offsets.get(place, 0)
            self.stored.adopt_generation(place, fresh)
        self.halted &= set(fresh.stopped)
        if not self.halted:
            self.stored.mark_running()

    async def _read(self, topic: str) -> list[Record]:
        partitions = [partition for partition in range(SHARDS) if (topic, partition) not in self.halted]
        next_offsets = [self.positions[topic, partition] for partition in partitions]
        rows = await self._fetch(topic, READ, topic, partitions, next_offsets, self.max_records)
        records = [
            Record(topic, row["partition"], row["offset"], row["key"], (row["body"] or "").encode())
            for row in rows
        ]
        for record in records:
            self.positions[topic, record.partition] = record.offset + 1
        return records

    async def _fetch(self, topic: str, statement: str, *values: Any) -> list[Any]:
        database = self.publishers[topic]
        async with database.engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            return list(await driver.fetch(statement, *values))

    async def applied(self, records: Sequence[Record]) -> None:
        """Clear the sealed bodies in the publisher's outbox that the recipient has applied."""
        done = {r.partition: r.offset + 1 for r in records if r.topic == SEALED_TOPIC}
        if done:
            await self._fetch(SEALED_TOPIC, CLEAR_SEALED, list(done), list(done.values()))

    async def lag(self) -> int:
        """Return how many records of the logs are not yet read."""
        total = 0
        for topic in self.topics:
            ends = await self._ends(topic)
            total += sum(
                max(0, end - self.positions.get((topic, partition), 0)) for partition, end in ends.items()
            )
        return total

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""
