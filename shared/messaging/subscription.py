"""A named subscription: what one service does when something happens elsewhere."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import contracts
from shared.events import Event, class_of

EVERY_CONTRACT = contracts.__all__
"""Importing them fills the register of event classes."""

Fact = TypeVar("Fact")
OneHandler: TypeAlias = Callable[[AsyncSession, Any, "Meta"], Awaitable[None]]
BatchHandler: TypeAlias = Callable[[AsyncSession, list["Received[Any]"]], Awaitable[None]]
Handler: TypeAlias = tuple[Literal["one"], OneHandler] | tuple[Literal["batch"], BatchHandler]
One = TypeVar("One", bound=OneHandler)
Batch = TypeVar("Batch", bound=BatchHandler)


@dataclass(frozen=True, slots=True)
class Record:
    """What a transport hands over: bytes at a place."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Meta:
    """The envelope of a fact, without its data."""

    event_id: UUID
    wire: str
    topic: str
    key: str
    epoch: int
    seq: int
    occurred_at: datetime
    actor: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Received(Generic[Fact]):
    """A fact as it arrived. `event` is None for a type that this release does not know: only its cursor moves."""

    meta: Meta
    event: Fact
    record: Record


class Undecodable(Exception):
    """The bytes are not an event of ours: they are parked by place, because no key can be read."""


class BadData(Exception):
    """The envelope is readable, the data is not what its class needs: the key is known and is parked."""


def parse(record: Record) -> Received[Any]:
    """Read an envelope; the data becomes its class only when a handler asks (`fact_of`).

    Raises:
        Undecodable: no envelope can be read.
    """
    try:
        fields = orjson.loads(record.value)
        meta = Meta(
            UUID(fields["id"]),
            str(fields["type"]),
            record.topic,
            str(fields["subject"]),
            int(fields["epoch"]),
            int(fields["seq"]),
            datetime.fromisoformat(fields["time"]),
            str(fields.get("actor", "")),
            str(fields.get("correlationid", fields["id"])),
        )
        data = fields["data"]
    except (KeyError, TypeError, ValueError) as error:
        raise Undecodable(type(error).__name__) from None
    if meta.epoch < 1 or meta.seq < 1:
        raise Undecodable("position")
    return Received(meta, data, record)


def fact_of(received: Received[Any]) -> Received[Any]:
    """Turn the data into its class.

    Raises:
        BadData: a field is missing or of another type.
    """
    kind = class_of(received.meta.wire)
    if kind is None or isinstance(received.event, Event):
        return received
    try:
        return Received(received.meta, kind.model_validate(received.event), received.record)
    except ValidationError as error:
        places = ", ".join(
            ".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)
        )
        raise BadData(places) from None


@dataclass(slots=True)
class Subscription:
    """A named reader of topics with cursors, offsets and a Kafka group of its own.

    `replica`: its handlers write only the tables of the schema `replica_<name>` and never emit; it can be rebuilt.
    `reaction`: may emit; starts at the `beginning` of the topics or `now`; never rebuilt. One that starts `now` follows
    what was told before with its cursors alone, so that no replay of it ever has an effect.
    """

    name: str
    kind: Literal["replica", "reaction"]
    topics: list[str]
    starts: Literal["beginning", "now"] = "beginning"
    handlers: dict[str, Handler] = field(default_factory=dict[str, "Handler"])

    @property
    def schema(self) -> str:
        """The PostgreSQL schema of a replica's tables."""
        return f"replica_{self.name}"

    def on(self, *events: type[Event]) -> Callable[[One], One]:
        """Apply `handler(session, event, meta)` to each of these facts, one at a time."""

        def register(handler: One) -> One:
            self._register(events, ("one", handler))
            return handler

        return register

    def on_batch(self, *events: type[Event]) -> Callable[[Batch], Batch]:
        """Apply `handler(session, list[Received])` to many of these facts at once, in order, each exactly once."""

        def register(handler: Batch) -> Batch:
            self._register(events, ("batch", handler))
            return handler

        return register

    def _register(self, events: Iterable[type[Event]], handler: Handler) -> None:
        for event in events:
            if event.topic not in self.topics or event.wire in self.handlers:
                msg = f"{self.name} cannot handle {event.wire}: not one of its topics, or handled twice"
                raise ValueError(msg)
            self.handlers[event.wire] = handler
