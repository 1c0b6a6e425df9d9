"""Reading the four outboxes of a running deployment under the worker roles: what was told, and who has heard it."""

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
# Ids are given before the commit: a row may appear below one that was seen already.
LOOK_BACK = 1_000
NEW = """
SELECT outbox_id, recorded_at, topic, key, seq, wire, body FROM platform.outbox
WHERE outbox_id > $1 ORDER BY outbox_id
"""
STREAMS = "SELECT topic, sum(seq)::bigint AS seq FROM platform.stream GROUP BY topic"
CURSORS = "SELECT subscription, topic, sum(seq)::bigint AS seq FROM platform.cursor GROUP BY 1, 2"
PARKED = "SELECT subscription, wire, reason, error, sqlstate, constraint_name FROM platform.parked ORDER BY parked_id LIMIT 3"


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as its publisher recorded it. A sealed identity's body is gone once it was sent."""

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
        """The id of the fact to which this is the answer; empty where a person or the calendar began it."""
        return self.envelope.get("causationid", "")

    @property
    def occurred_at(self) -> datetime | None:
        """Business time; of a cleared body nothing is left of it."""
        return datetime.fromisoformat(self.envelope["time"]) if self.envelope else None


@dataclass(slots=True)
class Outboxes:
    """Connections to the four databases; `new` gives each fact once."""

    connections: dict[str, Connection]
    subscriptions: dict[str, list[Subscription]]
    last: dict[str, int] = field(default_factory=dict[str, int])
    seen: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])

    @classmethod
    async def open(cls, workers: Mapping[str, str]) -> Self:
        """Connect under the worker roles, and skip what was told before."""
        made = await asyncio.gather(*(asyncpg.connect(workers[service]) for service in SERVICES))
        subscriptions = {service: subscriptions_of(service) for service in SERVICES}
        return cls(dict(zip(SERVICES, made, strict=True)), subscriptions)

    async def close(self) -> None:
        for connection in self.connections.values():
            await connection.close()

    async def new(self) -> list[Told]:
        """What was told since the last call, in the order of real time."""
        found: list[Told] = []
        for service, connection in self.connections.items():
            rows = await connection.fetch(NEW, self.last.get(service, 0) - LOOK_BACK)
            fresh = [row for row in rows if (service, row["outbox_id"]) not in self.seen]
            self.seen |= {(service, row["outbox_id"]) for row in fresh}
            self.last[service] = max([self.last.get(service, 0), *(row["outbox_id"] for row in rows)])
            found += [told(service, row) for row in fresh]
        return sorted(found, key=lambda fact: (fact.recorded_at, fact.outbox_id))

    async def of_family(self, kpm_id: str) -> list[Told]:
        """Everything told of a family, of its cases' credits and of who accompanies it, as it happened."""
        everything = [
            told(service, row)
            for service, connection in self.connections.items()
            for row in await connection.fetch(NEW, -1)
        ]
        own = {id(fact) for fact in everything if kpm_id in {fact.key, fact.data.get("kpm_id")}}
        mine = [fact.data for fact in everything if id(fact) in own]
        cases = {data["graduasi_id"] for data in mine if data.get("graduasi_id")}
        people = {data["pendamping_id"] for data in mine if data.get("dampingan_id")}
        found = [
            fact
            for fact in everything
            if id(fact) in own
            or fact.data.get("graduasi_id") in cases
            or (fact.service == "registry" and fact.key in people)
        ]
        return sorted(found, key=lambda fact: (fact.recorded_at, fact.outbox_id))

    def hearers(self, wire: str) -> list[str]:
        """The subscriptions that do something when this happens, as "service/subscription"."""
        return [
            f"{service}/{subscription.name}"
            for service, all_of_it in self.subscriptions.items()
            for subscription in all_of_it
            if wire in subscription.handlers
        ]

    async def unheard(self) -> list[str]:
        """Which subscriptions have not come to the end of their topics; sealed identities have no gapless end.

        A cursor never passes its stream, so equal sums mean that every key was heard; the streams are read before
        and after, because what is told in between could stand in for what is not heard.
        """
        before, cursors = await self._told_to(), await self._all(CURSORS)
        if before != await self._told_to():
            return ["what is being told"]
        behind: list[str] = []
        for service, all_of_it in self.subscriptions.items():
            heard = {(row["subscription"], row["topic"]): row["seq"] for row in cursors[service]}
            behind += [
                f"{service}/{subscription.name}"
                for subscription in all_of_it
                if any(
                    heard.get((subscription.name, topic), 0) != before[topic]
                    for topic in subscription.topics
                    if topic in before
                )
            ]
        return behind

    async def _told_to(self) -> dict[str, int]:
        """How much each topic was told, as the sum of its keys' positions."""
        rows = [row for told_by in (await self._all(STREAMS)).values() for row in told_by]
        return {row["topic"]: row["seq"] for row in rows if row["topic"] != SEALED_TOPIC}

    async def _all(self, statement: str) -> dict[str, list[Any]]:
        """Ask all four at once."""
        rows = await asyncio.gather(*(one.fetch(statement) for one in self.connections.values()))
        return dict(zip(self.connections, rows, strict=True))

    async def parked(self) -> list[str]:
        """What could not be applied, in words."""
        found: list[str] = []
        for service, rows in (await self._all(PARKED)).items():
            for row in rows:
                fault = " ".join(
                    str(row[name]) for name in ("reason", "error", "sqlstate", "constraint_name") if row[name]
                )
                found.append(f"{service}/{row['subscription']} parked {row['wire']}: {fault}")
        return found


def told(service: str, row: Any) -> Told:
    envelope = json.loads(row["body"]) if row["body"] else {}
    return Told(
        service, row["outbox_id"], row["recorded_at"], row["topic"], row["key"], row["wire"], envelope
    )
