"""The relay sends unsent events in order.

Several relays of a service share its shards, and each shard has one owner.
"""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncpg
import structlog

from shared import telemetry
from shared.database import UNSENT_CHANNEL
from shared.events import SEALED_TOPIC
from shared.faults import faultpoint
from shared.schema import SHARDS
from shared.waiting import wait_for_any

LOCK_SPACE = 0x50494C52
BATCH = 2_000
SLOW_POLL_SECONDS = 1.0
BALANCE_EVERY_SECONDS = 2.0
log = structlog.get_logger()

# LIMIT inside and one lookup per row: with a join first, each batch would sort the whole backlog (bench: backlog).
READ = """
SELECT u.shard, u.outbox_id, u.recorded_at, o.event_id, o.topic, o.key, o.body
FROM (
    SELECT shard, outbox_id, recorded_at FROM platform.unsent WHERE shard = ANY($1::smallint[])
    ORDER BY outbox_id LIMIT $2
) AS u CROSS JOIN LATERAL (
    SELECT event_id, topic, key, body FROM platform.outbox
    WHERE recorded_at = u.recorded_at AND outbox_id = u.outbox_id LIMIT 1
) AS o
ORDER BY u.outbox_id
"""
CLEAR = "DELETE FROM platform.unsent WHERE outbox_id = ANY($1::bigint[])"
# One statement, so that a new relay gets all its shards at once. LIMIT stops the evaluation, so that no lock is taken
# beyond the share.
TAKE_SHARDS = """
SELECT shard FROM unnest($2::integer[]) AS shard WHERE pg_try_advisory_lock($1, shard) LIMIT $3
"""
CLEAR_BODIES = """
UPDATE platform.outbox AS o SET body = NULL FROM unnest($1::timestamptz[], $2::bigint[]) AS sent(recorded_at, outbox_id)
WHERE o.recorded_at = sent.recorded_at AND o.outbox_id = sent.outbox_id
"""


@dataclass(frozen=True, slots=True)
class Unsent:
    """One row of the outbox to send."""

    shard: int
    outbox_id: int
    recorded_at: Any
    event_id: Any
    topic: str
    key: str
    body: str | None


class Publisher(Protocol):
    """A transport that a relay sends to."""

    async def publish(self, connection: asyncpg.Connection, rows: Sequence[Unsent]) -> set[int]:
        """Send in order, wait for all, and return the outbox ids not acknowledged."""
        ...

    async def close(self) -> None:
        """Close the connection, within a bounded time."""
        ...


@dataclass(slots=True)
class Relay:
    """One relay of one service.

    Its direct connection holds the advisory locks of its shards.
    """

    url: str
    service: str
    publisher: Publisher
    batch: int = BATCH
    owned: set[int] = field(default_factory=set[int])
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    made_progress: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`. After a lost connection or a producer error, pause and retry."""
        pause = 0.2
        while not stop.is_set():
            try:
                await self._with_connection(stop)
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                TimeoutError,
                ConnectionError,
            ) as error:
                log.warning("relay_interrupted", service=self.service, error=type(error).__name__)
                pause = 0.2 if self.made_progress else min(pause * 2, 5)
                self.made_progress = False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await stop.wait()
        await self.publisher.close()

    async def _with_connection(self, stop: asyncio.Event) -> None:
        connection = await self.connect()
        try:
            await connection.add_listener(UNSENT_CHANNEL, lambda *_: self.wakeup.set())
            balanced_at = 0.0
            while not stop.is_set():
                now = asyncio.get_running_loop().time()
                if now - balanced_at > BALANCE_EVERY_SECONDS:
                    await self.balance_shards(connection)
                    balanced_at = now
                if not await self.step(connection):
                    await wait_for_any(SLOW_POLL_SECONDS, self.wakeup, stop)
        finally:
            self.owned.clear()
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    async def connect(self) -> asyncpg.Connection:
        """Open the connection that holds the advisory locks. It must not pass a pooler."""
        settings = {
            "application_name": f"pilar-relay-{self.service}",
            "statement_timeout": "30000",
            # The size of `unsent` changes faster than its statistics, so the plan must not depend on them.
            "enable_seqscan": "off",
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "2",
        }
        return await asyncpg.connect(self.url, server_settings=settings, timeout=5, command_timeout=30)

    async def balance_shards(self, connection: asyncpg.Connection) -> None:
        """Hold at most a fair share of the shards: release surplus ones, take free ones."""
        relays = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1",
            f"pilar-relay-{self.service}",
        )
        share = math.ceil(SHARDS / max(relays or 1, 1))
        for shard in sorted(self.owned)[share:]:
            await connection.execute("SELECT pg_advisory_unlock($1, $2)", LOCK_SPACE, shard)
            self.owned.discard(shard)
        missing = share - len(self.owned)
        if missing > 0:
            others = [shard for shard in range(SHARDS) if shard not in self.owned]
            self.owned.update(
                row["shard"] for row in await connection.fetch(TAKE_SHARDS, LOCK_SPACE, others, missing)
            )

    async def step(self, connection: asyncpg.Connection) -> int:
        """Send one batch of unsent rows of the owned shards and return its size."""
        self.wakeup.clear()
        if not self.owned:
            return 0
        rows = [Unsent(*row) for row in await connection.fetch(READ, sorted(self.owned), self.batch)]
        if rows:
            await self._send(connection, rows)
        return len(rows)

    async def _send(self, connection: asyncpg.Connection, rows: list[Unsent]) -> None:
        async with connection.transaction():
            # A sealed body is deleted after seven days, sent or not. Its row is only cleared.
            failed = await self.publisher.publish(connection, [row for row in rows if row.body is not None])
            await faultpoint("relay.sent")
            cleared = rows_to_clear(rows, failed)
            await connection.execute(CLEAR, [row.outbox_id for row in cleared])
            sealed = [row for row in cleared if row.topic == SEALED_TOPIC]
            if sealed and getattr(self.publisher, "clears_sealed", True):
                await connection.execute(
                    CLEAR_BODIES, [row.recorded_at for row in sealed], [row.outbox_id for row in sealed]
                )
        telemetry.sent.labels(self.service).inc(len(cleared))
        self.sent.set()
        self.made_progress = self.made_progress or bool(cleared)
        if failed:
            message = f"{len(failed)} events were not acknowledged"
            raise ConnectionError(message)


def rows_to_clear(rows: Sequence[Unsent], failed: set[int]) -> list[Unsent]:
    """Return the rows that may be cleared: of each key, those before its first failure."""
    broken: set[tuple[str, str]] = set()
    cleared: list[Unsent] = []
    for row in rows:
        if row.outbox_id in failed:
            broken.add((row.topic, row.key))
        elif (row.topic, row.key) not in broken:
            cleared.append(row)
    return cleared
