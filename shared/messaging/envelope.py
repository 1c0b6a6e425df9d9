"""Received events: the record of a transport, its envelope and its data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from types import UnionType
from typing import (
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)
from uuid import UUID

import orjson
from asyncpg.pgproto.pgproto import UUID as _Uuid  # noqa: N811 (a `uuid.UUID` that parses five times as fast)
from pydantic import ValidationError

from shared import contracts
from shared.events import Event, class_of

CONTRACT_MODULES = contracts.__all__
"""Imported to register the event classes."""

EventT = TypeVar("EventT")
Unreadable: TypeAlias = Literal["UNDECODABLE", "WRONG_ORIGIN"]


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes at an offset of a partition, as a transport delivers them."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes


class Meta(NamedTuple):
    """The envelope of an event, without its data."""

    event_id: UUID
    wire: str
    topic: str
    key: str
    epoch: int
    seq: int
    occurred_at: datetime
    actor: str
    correlation_id: str
    traceparent: str = ""


@dataclass(slots=True, eq=False)
class Received(Generic[EventT]):
    """An event as it arrived. Its data is validated when a handler reads `event`."""

    meta: Meta
    data: Any
    record: Record
    _event: Any = None
    _fields: dict[str, Any] | None = None

    @property
    def event(self) -> EventT:
        """The validated event, or None for a type that this release does not know.

        Raises:
            BadData: a field is missing or of another type.
        """
        if self._event is None and (kind := class_of(self.meta.wire)) is not None:
            self._event = to_event(kind, self.data)
        return cast("EventT", self._event)

    @property
    def fields(self) -> dict[str, Any]:
        """The data as plain JSON, with the defaults of its class: much cheaper than `event`.

        All handlers share it, so they do not change it. A code unknown to this release becomes UNKNOWN. The content
        of lists and objects is not checked, because that costs more than all other checks together (bench: replica).

        Raises:
            BadData: a field is missing, or is not the list or the object that it must be. A field of another wrong
                type is refused by the column that it is written to.
        """
        if self._fields is None:
            self._fields = json_fields_of(self.meta.wire).read(self.data)
        return self._fields


class Undecodable(Exception):
    """The bytes are no event of Pilar.

    The record is parked by its offset, because no key can be read.
    """

    reason: ClassVar[Unreadable] = "UNDECODABLE"


class WrongOrigin(Undecodable):
    """The envelope contradicts its record.

    The record is parked by its offset, because its key cannot be trusted.
    """

    reason = "WRONG_ORIGIN"


class TopicMismatch(WrongOrigin):
    """The event's type belongs to another topic."""


class KeyMismatch(WrongOrigin):
    """The keys of the record, of the envelope and of the data differ."""


class SourceMismatch(WrongOrigin):
    """The envelope names another source than the publisher of its type."""


class BadData(Exception):
    """The data does not fit the event's class. The key is known, and is parked."""


def parse(record: Record) -> Received[Any]:
    """Parse the envelope of a record, without validating its data.

    Raises:
        Undecodable: no envelope can be read.
        WrongOrigin: topic, key or source are not those of the event's class.
    """
    try:
        fields = orjson.loads(record.value)
        meta = Meta(
            _Uuid(fields["id"]),
            str(fields["type"]),
            record.topic,
            str(fields["subject"]),
            int(fields["epoch"]),
            int(fields["seq"]),
            datetime.fromisoformat(fields["time"]),
            str(fields.get("actor", "")),
            str(fields.get("correlationid", fields["id"])),
            str(fields.get("traceparent", "")),
        )
        data, source = fields["data"], fields.get("source")
    except (KeyError, TypeError, ValueError) as error:
        raise Undecodable(type(error).__name__) from None
    if meta.epoch < 1 or meta.seq < 1:
        raise Undecodable("position")
    refuse_wrong_origin(record, meta, data, source)
    return Received(meta, data, record)


@lru_cache(maxsize=1024)
def origin_of(wire: str) -> tuple[frozenset[str], str, str]:
    """Return the topics, the key field and the source of an event type.

    A type unknown to this release has no key field.
    """
    publisher, kind = wire.partition(".")[0], class_of(wire)
    topics = [kind.topic] if kind else [f"pilar.{publisher}", contracts.caseload.IdentitySealed.topic]
    return frozenset(topics), kind.key_field if kind else "", f"urn:pilar:{publisher}"


def refuse_wrong_origin(record: Record, meta: Meta, data: Any, source: object) -> None:
    """Compare an envelope with its record and its class.

    A key that is missing in `data` is not refused here, but by the handler.

    Raises:
        TopicMismatch
        KeyMismatch
        SourceMismatch
    """
    topics, key_field, urn = origin_of(meta.wire)
    if record.topic not in topics:
        raise TopicMismatch
    named = cast("dict[str, Any]", data).get(key_field, meta.key) if isinstance(data, dict) else meta.key
    if not record.key == meta.key == named:
        raise KeyMismatch
    if source is not None and source != urn:
        raise SourceMismatch


def to_event(kind: type[Event], data: Any) -> Event:
    """Validate an event's data.

    Raises:
        BadData: with the locations of the wrong fields.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        places = ", ".join(
            ".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)
        )
        raise BadData(places) from None


@dataclass(frozen=True, slots=True)
class JsonFields:
    """The fields of an event class, to read JSON without building an object."""

    required: frozenset[str]
    defaults: dict[str, Any]
    kinds: tuple[tuple[str, frozenset[str]], ...]
    containers: tuple[tuple[str, type], ...]

    def read(self, data: Any) -> dict[str, Any]:
        """Return the fields of `data` with defaults.

        Raises:
            BadData
        """
        if not isinstance(data, dict) or not self.required <= data.keys():
            raise BadData("a field is missing")
        fields = {**self.defaults, **cast("dict[str, Any]", data)}
        for name, known in self.kinds:
            if (value := fields[name]) is not None and value not in known:
                fields[name] = "UNKNOWN"
        for name, container in self.containers:  # A JSON column would accept any value.
            if not isinstance(fields[name], container):
                raise BadData(name)
        return fields


@cache
def json_fields_of(wire: str) -> JsonFields:
    """Return the JsonFields of an event type."""
    kind = class_of(wire)
    fields = kind.model_fields if kind else {}
    given = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    return JsonFields(
        frozenset(name for name, field in fields.items() if field.is_required()),
        {name: given[name] for name, field in fields.items() if not field.is_required()},
        tuple(
            (name, frozenset(values))
            for name, field in fields.items()
            if (values := enum_values_of(field.annotation))
        ),
        tuple(
            (name, cast("type", get_origin(field.annotation)))
            for name, field in fields.items()
            if get_origin(field.annotation) in {list, dict}
        ),
    )


def enum_values_of(annotation: Any) -> list[str]:
    """Return the codes of an enum field, or an empty list for any other field."""
    for one in (annotation, *get_args(annotation)):
        if (
            isinstance(one, type)
            and issubclass(one, StrEnum)
            and get_origin(annotation) in {None, Union, UnionType}
        ):
            return [str(member) for member in one]
    return []
