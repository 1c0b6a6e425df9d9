"""Comparison of the event classes with the promised fields.

A field may not be removed, renamed, retyped or newly required.
"""

from typing import Any

from deploy.contracts.declarations import events
from shared.events import Event

Promise = dict[str, Any]


def promises() -> dict[str, Promise]:
    """Return the promise of each event class by wire name."""
    return {wire: promise_of(kind) for wire, kind in sorted(events().items())}


def promise_of(kind: type[Event]) -> Promise:
    """Return key, topic and fields of a class, with resolved JSON schemas as types."""
    schema = kind.model_json_schema(mode="validation")
    shared_kinds = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    fields = {
        name: {"type": type_of(described, shared_kinds), "required": name in required}
        for name, described in sorted(schema["properties"].items())
    }
    return {"key": kind.key_field, "topic": kind.topic, "fields": fields}


def type_of(described: dict[str, Any], kinds: dict[str, Any]) -> Any:
    """Return a type's JSON schema without titles and defaults, with references resolved."""
    if "$ref" in described:
        return type_of(kinds[described["$ref"].rpartition("/")[2]], kinds)
    if "anyOf" in described:
        return {"anyOf": [type_of(choice, kinds) for choice in described["anyOf"]]}
    schema = {name: described[name] for name in ("type", "format", "enum", "const") if name in described}
    for name in ("items", "additionalProperties", "propertyNames"):
        if isinstance(described.get(name), dict):
            schema[name] = type_of(described[name], kinds)
    if "properties" in described:
        required = described.get("required", [])
        schema["properties"] = {
            name: {"type": type_of(inner, kinds), "required": name in required}
            for name, inner in sorted(described["properties"].items())
        }
    return schema


def breaks(promised: dict[str, Promise], today: dict[str, Promise]) -> list[str]:
    """Return one sentence per promise that is broken. Additions break nothing."""
    sentences = [f"{wire} is removed" for wire in promised if wire not in today]
    for wire in promised.keys() & today.keys():
        old, new = promised[wire], today[wire]
        sentences += [
            f"{wire} changes its {name} from {old[name]} to {new[name]}"
            for name in ("key", "topic")
            if old[name] != new[name]
        ]
        sentences += _broken_fields(wire, old["fields"], new["fields"])
    return sorted(sentences)


def _broken_fields(path: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    sentences = [f"{path}.{name} is removed" for name in old if name not in new]
    sentences += [
        f"{path}.{name} is new and required" for name in new if name not in old and new[name]["required"]
    ]
    for name in old.keys() & new.keys():
        sentences += _retyped(f"{path}.{name}", old[name]["type"], new[name]["type"])
        if new[name]["required"] and not old[name]["required"]:
            sentences.append(f"{path}.{name} becomes required")
    return sentences


def _retyped(path: str, old: Any, new: Any) -> list[str]:
    if "properties" in old and "properties" in new:
        return _broken_fields(path, old["properties"], new["properties"])
    if "items" in old and "items" in new:
        return _retyped(f"{path}[]", old["items"], new["items"])
    if "enum" in old and "enum" in new:
        return [
            f"{path} no longer has the value {value}" for value in old["enum"] if value not in new["enum"]
        ]
    if "anyOf" in old and "anyOf" in new and len(old["anyOf"]) == len(new["anyOf"]):
        pairs = zip(old["anyOf"], new["anyOf"], strict=True)
        return [sentence for before, after in pairs for sentence in _retyped(path, before, after)]
    return [] if old == new else [f"{path} changes its type"]
