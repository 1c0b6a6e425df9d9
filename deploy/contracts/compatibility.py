"""Whether today's event classes still keep what was promised: nothing removed, renamed, retyped or newly required."""

from typing import Any

from deploy.contracts.declarations import events
from shared.events import Event

Promise = dict[str, Any]


def promises() -> dict[str, Promise]:
    """Return by wire name what each event class promises today."""
    return {wire: promise_of(kind) for wire, kind in sorted(events().items())}


def promise_of(kind: type[Event]) -> Promise:
    """Return key, topic and fields of a class; a field's type is its JSON schema, told in full."""
    schema = kind.model_json_schema(mode="validation")
    shared_kinds = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    fields = {
        name: {"type": type_of(described, shared_kinds), "required": name in required}
        for name, described in sorted(schema["properties"].items())
    }
    return {"key": kind.key_field, "topic": kind.topic, "fields": fields}


def type_of(described: dict[str, Any], kinds: dict[str, Any]) -> Any:
    """Return what a value may be, without titles and defaults, references resolved."""
    if "$ref" in described:
        return type_of(kinds[described["$ref"].rpartition("/")[2]], kinds)
    if "anyOf" in described:
        return {"anyOf": [type_of(choice, kinds) for choice in described["anyOf"]]}
    kept = {name: described[name] for name in ("type", "format", "enum", "const") if name in described}
    for name in ("items", "additionalProperties", "propertyNames"):
        if isinstance(described.get(name), dict):
            kept[name] = type_of(described[name], kinds)
    if "properties" in described:
        needed = described.get("required", [])
        kept["properties"] = {
            name: {"type": type_of(inner, kinds), "required": name in needed}
            for name, inner in sorted(described["properties"].items())
        }
    return kept


def breaks(promised: dict[str, Promise], today: dict[str, Promise]) -> list[str]:
    """Return, as sentences, what was promised and is not kept; additions break nothing."""
    found = [f"{wire} is gone" for wire in promised if wire not in today]
    for wire in promised.keys() & today.keys():
        old, new = promised[wire], today[wire]
        found += [
            f"{wire} changes its {name} from {old[name]} to {new[name]}"
            for name in ("key", "topic")
            if old[name] != new[name]
        ]
        found += _broken_fields(wire, old["fields"], new["fields"])
    return sorted(found)


def _broken_fields(place: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = [f"{place}.{name} is gone" for name in old if name not in new]
    found += [
        f"{place}.{name} is new and required" for name in new if name not in old and new[name]["required"]
    ]
    for name in old.keys() & new.keys():
        found += _retyped(f"{place}.{name}", old[name]["type"], new[name]["type"])
        if new[name]["required"] and not old[name]["required"]:
            found.append(f"{place}.{name} becomes required")
    return found


def _retyped(place: str, old: Any, new: Any) -> list[str]:
    if "properties" in old and "properties" in new:
        return _broken_fields(place, old["properties"], new["properties"])
    if "items" in old and "items" in new:
        return _retyped(f"{place}[]", old["items"], new["items"])
    if "enum" in old and "enum" in new:
        return [f"{place} no longer knows {value}" for value in old["enum"] if value not in new["enum"]]
    if "anyOf" in old and "anyOf" in new and len(old["anyOf"]) == len(new["anyOf"]):
        pairs = zip(old["anyOf"], new["anyOf"], strict=True)
        return [sentence for before, after in pairs for sentence in _retyped(place, before, after)]
    return [] if old == new else [f"{place} changes its type"]
