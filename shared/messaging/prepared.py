"""Events that bulk work emits without an object of each."""

from functools import cache
from typing import Any

import orjson

from shared.events import Event, PreparedEvent


def prepare(cls: type[Event], values: dict[str, Any]) -> PreparedEvent:
    """Return an event whose values are valid already, without checking them.

    Enums are given by their values. Fields that are left out have their defaults.

    Raises:
        TypeError: the event has no field for a value.
    """
    # Fast path: the event of a family's facts costs 3 microseconds instead of 26 (bench: intake).
    data = _defaults_of(cls) | values
    if len(data) > len(cls.model_fields):
        msg = f"{cls.__name__} has no {sorted(data.keys() - cls.model_fields.keys())}"
        raise TypeError(msg)
    # `str` writes the UUIDs of asyncpg, which are a class of its own.
    dumped = orjson.dumps(data, str, orjson.OPT_UTC_Z)
    return PreparedEvent(cls.wire, cls.topic, str(data[cls.key_field]), dumped)


@cache
def _defaults_of(cls: type[Event]) -> dict[str, Any]:
    """Return the fields of an event in order with their defaults, None if required."""
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        for name, field in cls.model_fields.items()
    }
