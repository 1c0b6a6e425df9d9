"""The base of all events: plain data with a wire name and a key."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

SEALED_TOPIC = "pilar.sealed"
SEALED_RETENTION = timedelta(days=7)
"""How long the topic and the outbox store the body of a sealed event."""
AUDIT_TOPIC = "pilar.audit."
"""The beginning of the four topics of closed audit blocks, one per service."""


class Event(BaseModel):
    """Something that is now true and that another service may use.

    The wire name and the field that is the stream's key are declared with the class: `class
    KpmGraduated(Event, wire="graduation.kpm_graduated.v1", key="kpm_id")`. Readers ignore unknown fields, so
    that a publisher may add some.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_temporal="iso8601")

    wire: ClassVar[str] = ""
    key_field: ClassVar[str] = ""
    topic: ClassVar[str] = ""

    def __init_subclass__(cls, *, wire: str = "", key: str = "", topic: str = "", **kwargs: Any) -> None:
        """Register the wire name. The topic is the publisher's unless `topic` is given."""
        super().__init_subclass__(**kwargs)
        if not wire:
            return
        if wire in BY_WIRE:
            msg = f"two event classes claim the wire name {wire}"
            raise TypeError(msg)
        cls.wire, cls.key_field = wire, key
        cls.topic = topic or f"pilar.{wire.partition('.')[0]}"
        BY_WIRE[wire] = cls

    @classmethod
    def of(cls, thing: object, **others: object) -> Self:
        """Return the event with the values of `thing` under the same names."""
        same = {name: getattr(thing, name) for name in cls.model_fields if name not in others}
        return cls(**same, **others)

    @property
    def key(self) -> str:
        """The stream of this event: a family's or a pendamping's id, never a NIK."""
        return str(getattr(self, self.key_field))

    @property
    def data(self) -> bytes:
        """The JSON of the event's fields."""
        return self.model_dump_json().encode()


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """The JSON of an event, without its object."""

    wire: str
    topic: str
    key: str
    data: bytes


BY_WIRE: dict[str, type[Event]] = {}


def class_of(wire: str) -> type[Event] | None:
    """Return the class of a wire name, or None if it is unknown."""
    return BY_WIRE.get(wire)
