"""The transport of a service pair, and the local transport."""

from typing import TYPE_CHECKING, Protocol

from shared.messaging.consumer import Source, StoredOffsets
from shared.messaging.envelope import Record
from shared.messaging.local import LocalPublisher, LocalSource
from shared.messaging.relay import Publisher
from shared.messaging.subscription import Subscription
from tests.factories.messaging.events import TOPIC

if TYPE_CHECKING:
    from tests.factories.messaging.service_pair import ServicePair


class StageTransport(Protocol):
    """How events of this pair are transported."""

    name: str

    def describe(self) -> dict[str, str]:
        """Return what another process needs to use the same transport."""
        ...

    def publisher(self) -> Publisher: ...
    def source(
        self, stage: "ServicePair", subscription: Subscription, stored: StoredOffsets, name: str = ""
    ) -> Source: ...
    async def read_log(self, stage: "ServicePair", topic: str = TOPIC) -> list[Record]:
        """Return all records of the topic, in order per partition."""
        ...

    async def append(self, stage: "ServicePair", topic: str, key: str, value: bytes) -> None:
        """Put bytes into the topic past the relay."""
        ...

    async def recreate(self, stage: "ServicePair", topic: str = TOPIC) -> None:
        """Delete the topic and create it again, empty."""
        ...


class LocalTransport:
    """The local transport."""

    name = "local"

    def describe(self) -> dict[str, str]:
        return {}

    def publisher(self) -> Publisher:
        return LocalPublisher()

    def source(
        self, stage: "ServicePair", subscription: Subscription, stored: StoredOffsets, name: str = ""
    ) -> Source:
        del name
        topics = dict.fromkeys(subscription.topics, stage.publisher)
        return LocalSource(topics, subscription.topics, stored=stored)

    async def read_log(self, stage: "ServicePair", topic: str = TOPIC) -> list[Record]:
        rows = await stage.query_publisher(
            'SELECT l.partition, l."offset", o.key, o.body FROM platform.local_log l JOIN platform.outbox o'
            ' USING (recorded_at, outbox_id) WHERE l.topic = $1 ORDER BY l.partition, l."offset"',
            topic,
        )
        return [
            Record(topic, row["partition"], row["offset"], row["key"], (row["body"] or "").encode())
            for row in rows
        ]

    async def append(self, stage: "ServicePair", topic: str, key: str, value: bytes) -> None:
        await stage.query_publisher(
            "WITH o AS (INSERT INTO platform.outbox (recorded_at, event_id, shard, topic, key, epoch, seq, wire, body)"
            " VALUES (clock_timestamp(), gen_random_uuid(), 0, $1, $2, 1, 1, 'test', $3) RETURNING *)"
            ' INSERT INTO platform.local_log SELECT $1, 0, coalesce((SELECT max("offset") + 1 FROM platform.local_log'
            " WHERE topic = $1 AND partition = 0), 0), outbox_id, recorded_at FROM o",
            topic,
            key,
            value.decode("latin-1"),
        )

    async def recreate(self, stage: "ServicePair", topic: str = TOPIC) -> None:
        await stage.query_publisher("DELETE FROM platform.local_log WHERE topic = $1", topic)
