"""Access to the four outboxes and cursors of a running deployment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import asyncpg

from deploy.services import SERVICES, subscriptions_of
from shared.events import SEALED_TOPIC
from shared.messaging.subscription import Subscription

Connection = Any
# Ids are assigned before the commit, so a row may appear below one that was read already.
REREAD_ROWS = 1_000
NEW = """
SELECT outbox_id, recorded_at, topic, key, seq, wire, body FROM platform.outbox
WHERE outbox_id > $1 AND topic NOT LIKE 'pilar.audit.%' ORDER BY outbox_id
"""
STREAMS = "SELECT topic, sum(seq)::bigint AS seq FROM platform.stream GROUP BY topic"
CURSORS = "SELECT subscription, topic, sum(seq)::bigint AS seq FROM platform.cursor GROUP BY 1, 2"
PARKED = "SELECT subscription, wire, reason, error, sqlstate, constraint_name FROM platform.parked ORDER BY parked_id LIMIT 3"


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event of an outbox. The body of a sealed identity is deleted after sending."""

    service: str
    outbox_id: int
    recorded_at: datetime
    topic: str
    key: str
    wire: str
    envelope: Mapping[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        return self.envelope.get("data", {})

    @property
    def actor(self) -> str:
        return self.envelope.get("actor", self.service)

    @property
    def event_id(self) -> str:
        return self.envelope.get("id", "")

    @property
    def caused_by(self) -> str:
        """The id of the event that caused this one.

        It is empty if a person or the schedule caused it, or if the body is deleted.
        """
        return self.envelope.get("causationid", "")

    @property
    def occurred_at(self) -> datetime | None:
        """Business time, or None if the body is deleted."""
        return datetime.fromisoformat(self.envelope["time"]) if self.envelope else None


@dataclass(slots=True)
class Outboxes:
    """Connections to the four databases. `new` returns each event once."""

    connections: dict[str, Connection]
    subscriptions: dict[str, list[Subscription]]
    last: dict[str, int] = field(default_factory=dict[str, int])
    seen: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])

    @classmethod
    async def open(cls, workers: Mapping[str, str]) -> Self:
        """Connect with the worker roles."""
        connections = await asyncio.gather(*(asyncpg.connect(workers[service]) for service in SERVICES))
        subscriptions = {service: subscriptions_of(service) for service in SERVICES}
        return cls(dict(zip(SERVICES, connections, strict=True)), subscriptions)

    async def close(self) -> None:
        for connection in self.connections.values():
            await connection.close()

    async def new(self) -> list[RecordedEvent]:
        """Return the events since the last call, in the order of real time."""
        events: list[RecordedEvent] = []
        for service, connection in self.connections.items():
            rows = await connection.fetch(NEW, self.last.get(service, 0) - REREAD_ROWS)
            new_rows = [row for row in rows if (service, row["outbox_id"]) not in self.seen]
            self.seen |= {(service, row["outbox_id"]) for row in new_rows}
            self.last[service] = max([self.last.get(service, 0), *(row["outbox_id"] for row in rows)])
            events += [recorded_event(service, row) for row in new_rows]
        return sorted(events, key=lambda event: (event.recorded_at, event.outbox_id))

    async def of_family(self, kpm_id: str) -> list[RecordedEvent]:
        """Return the events of a family, of its cases' credits and of its pendamping."""
        all_events = [
            recorded_event(service, row)
            for service, connection in self.connections.items()
            for row in await connection.fetch(NEW, -1)
        ]
        own = {id(event) for event in all_events if kpm_id in {event.key, event.data.get("kpm_id")}}
        own_data = [event.data for event in all_events if id(event) in own]
        cases = {data["graduasi_id"] for data in own_data if data.get("graduasi_id")}
        people = {data["pendamping_id"] for data in own_data if data.get("dampingan_id")}
        events = [
            event
            for event in all_events
            if id(event) in own
            or event.data.get("graduasi_id") in cases
            or (event.service == "registry" and event.key in people)
        ]
        return sorted(events, key=lambda event: (event.recorded_at, event.outbox_id))

    def subscribers_of(self, wire: str) -> list[str]:
        """Return the subscriptions that handle an event, as "service/subscription"."""
        return [
            f"{service}/{subscription.name}"
            for service, subscriptions in self.subscriptions.items()
            for subscription in subscriptions
            if wire in subscription.handlers
        ]

    async def undelivered(self) -> list[str]:
        """Return the subscriptions that have not read all events of their topics.

        A cursor is never ahead of its stream, so equal sums mean that every key is read. The streams are read before and after
        the cursors, because an event in between could hide one that is not read. Sealed topics are skipped: they have gaps.
        """
        before, cursors = await self._stream_sums(), await self._fetch_all(CURSORS)
        if before != await self._stream_sums():
            return ["events are still being emitted"]
        behind: list[str] = []
        for service, subscriptions in self.subscriptions.items():
            read = {(row["subscription"], row["topic"]): row["seq"] for row in cursors[service]}
            behind += [
                f"{service}/{subscription.name}"
                for subscription in subscriptions
                if any(
                    read.get((subscription.name, topic), 0) != before[topic]
                    for topic in subscription.topics
                    if topic in before
                )
            ]
        return behind

    async def _stream_sums(self) -> dict[str, int]:
        """Return the sum of all keys' positions by topic."""
        rows = [row for streams in (await self._fetch_all(STREAMS)).values() for row in streams]
        return {row["topic"]: row["seq"] for row in rows if row["topic"] != SEALED_TOPIC}

    async def _fetch_all(self, statement: str) -> dict[str, list[Any]]:
        """Query all four databases at once."""
        rows = await asyncio.gather(
            *(connection.fetch(statement) for connection in self.connections.values())
        )
        return dict(zip(self.connections, rows, strict=True))

    async def parked(self) -> list[str]:
        """Return one sentence per parked event."""
        sentences: list[str] = []
        for service, rows in (await self._fetch_all(PARKED)).items():
            for row in rows:
                error = " ".join(
                    str(row[name]) for name in ("reason", "error", "sqlstate", "constraint_name") if row[name]
                )
                sentences.append(f"{service}/{row['subscription']} parked {row['wire']}: {error}")
        return sentences


def recorded_event(service: str, row: Any) -> RecordedEvent:
    envelope = json.loads(row["body"]) if row["body"] else {}
    return RecordedEvent(
        service, row["outbox_id"], row["recorded_at"], row["topic"], row["key"], row["wire"], envelope
    )
