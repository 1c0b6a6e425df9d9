"""Events as they arrive: the record of a transport, its envelope and its data."""

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
from asyncpg.pgproto.pgproto import UUID as _Uuid  # noqa: N811 (a `uuid.UUID` that is read in a fifth of the time)
from pydantic import ValidationError

from shared import contracts
from shared.events import Event, class_of

EVERY_CONTRACT = contracts.__all__
"""Importing them fills the register of event classes."""

Fact = TypeVar("Fact")
Unreadable: TypeAlias = Literal["UNDECODABLE", "WRONG_ORIGIN"]


@dataclass(frozen=True, slots=True)
class Record:
    """What a transport hands over: bytes at a place."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes


class Meta(NamedTuple):
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


@dataclass(slots=True, eq=False)
class Received(Generic[Fact]):
    """A fact as it arrived: its envelope, and its data, which becomes its class only when a handler asks."""

    meta: Meta
    data: Any
    record: Record
    _event: Any = None

    @property
    def event(self) -> Fact:
        """The fact as its class has it; None for a type that this release does not know: only its cursor moves.

        Raises:
            BadData: a field is missing or of another type.
        """
        if self._event is None and (kind := class_of(self.meta.wire)) is not None:
            self._event = as_its_class(kind, self.data)
        return cast("Fact", self._event)

    @property
    def fields(self) -> dict[str, Any]:
        """The fact as plain JSON, for a replica that keeps it as PostgreSQL reads it: much cheaper than `event`.

        What an older publisher does not say has its class's value; a kind unknown here reads as UNKNOWN. What is
        inside lists and objects is not checked: that costs more than all the rest (bench: replica).

        Raises:
            BadData: a field is missing, or one that is to be a list or an object is not. Another field of another type
                is refused by the column that is to hold it.
        """
        return plain_of(self.meta.wire).read(self.data)


class Undecodable(Exception):
    """The bytes are not an event of ours: they are parked by place, because no key can be read."""

    reason: ClassVar[Unreadable] = "UNDECODABLE"


class WrongOrigin(Undecodable):
    """The envelope contradicts the record that carries it. Parked by place, because its key cannot be trusted."""

    reason = "WRONG_ORIGIN"


class TopicMismatch(WrongOrigin):
    """The event's type belongs to another topic than the record's."""


class KeyMismatch(WrongOrigin):
    """The keys of the record, of the envelope and of the data differ."""


class SourceMismatch(WrongOrigin):
    """The envelope names another source than the publisher of its type."""


class BadData(Exception):
    """The envelope is readable, the data is not what its class needs: the key is known and is parked."""


def parse(record: Record) -> Received[Any]:
    """Read an envelope; the data becomes its class only when a handler asks.

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
    """Return the topics, the key field and the source of a type; a type unknown here has no key field."""
    publisher, kind = wire.partition(".")[0], class_of(wire)
    topics = [kind.topic] if kind else [f"pilar.{publisher}", contracts.caseload.IdentitySealed.topic]
    return frozenset(topics), kind.key_field if kind else "", f"urn:pilar:{publisher}"


def refuse_wrong_origin(record: Record, meta: Meta, data: Any, source: object) -> None:
    """Compare an envelope with its record and its class. A key that `data` leaves out is the handler's to refuse.

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


def as_its_class(kind: type[Event], data: Any) -> Event:
    """Validate a fact's data; raise BadData with the places that are wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        places = ", ".join(
            ".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)
        )
        raise BadData(places) from None


@dataclass(frozen=True, slots=True)
class Plain:
    """What a class says of its fields, for reading JSON without making an object of it."""

    required: frozenset[str]
    defaults: dict[str, Any]
    kinds: tuple[tuple[str, frozenset[str]], ...]
    containers: tuple[tuple[str, type], ...]

    def read(self, data: Any) -> dict[str, Any]:
        """Return the fields; raise BadData."""
        if not isinstance(data, dict) or not self.required <= data.keys():
            raise BadData("a field is missing")
        found = {**self.defaults, **cast("dict[str, Any]", data)}
        for name, known in self.kinds:
            if (value := found[name]) is not None and value not in known:
                found[name] = "UNKNOWN"
        for name, container in self.containers:  # a column of JSON takes anything
            if not isinstance(found[name], container):
                raise BadData(name)
        return found


@cache
def plain_of(wire: str) -> Plain:
    """Return how the facts of a type are read as plain JSON."""
    kind = class_of(wire)
    fields = kind.model_fields if kind else {}
    given = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    return Plain(
        frozenset(name for name, field in fields.items() if field.is_required()),
        {name: given[name] for name, field in fields.items() if not field.is_required()},
        tuple(
            (name, frozenset(values))
            for name, field in fields.items()
            if (values := values_of(field.annotation))
        ),
        tuple(
            (name, cast("type", get_origin(field.annotation)))
            for name, field in fields.items()
            if get_origin(field.annotation) in {list, dict}
        ),
    )


def values_of(annotation: Any) -> list[str]:
    """Return the codes of a field, or nothing if it is not a single code."""
    for one in (annotation, *get_args(annotation)):
        if (
            isinstance(one, type)
            and issubclass(one, StrEnum)
            and get_origin(annotation) in {None, Union, UnionType}
        ):
            return [str(member) for member in one]
    return []
