"""A named subscription: what one service does when something happens elsewhere."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import Event
from shared.messaging.envelope import Meta, Received

OneHandler: TypeAlias = Callable[[AsyncSession, Any, Meta], Awaitable[None]]
BatchHandler: TypeAlias = Callable[[AsyncSession, list[Received[Any]]], Awaitable[None]]
Handler: TypeAlias = tuple[Literal["one"], OneHandler] | tuple[Literal["batch"], BatchHandler]
One = TypeVar("One", bound=OneHandler)
Batch = TypeVar("Batch", bound=BatchHandler)


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
