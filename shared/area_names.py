"""Names of areas beside their codes, in each answer."""

import re
from functools import lru_cache
from typing import Any

import orjson
from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from shared import wilayah

CODE_FIELD, NAME_FIELD = "kode_wilayah", "wilayah_name"
# A quote within a text is escaped, so that only fields match.
FIELD = re.compile(rb'"kode_wilayah":\s?("[0-9.*]*"|null)')
NAME_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "null"}],
    "title": "Wilayah Name",
    "description": "The name of the area `kode_wilayah`. Null for the whole country and for a former code.",
    "examples": ["Brangsong"],
}


def add_names(body: bytes) -> bytes:
    """Return JSON with the area's name after each code."""
    # Fast path: 0.03 instead of 0.12 ms for a page of 50, which would be parsed and written again (bench: reading).
    # An approval request names its area itself, because its `body` is shown as it was hashed.
    return body if b'"wilayah_name":' in body else FIELD.sub(_with_name, body)


def _with_name(match: re.Match[bytes]) -> bytes:
    return match[0] + _name_field(match[1])


@lru_cache(maxsize=4096)
def _name_field(code: bytes) -> bytes:
    name = wilayah.name(orjson.loads(code) or "")
    return b',"wilayah_name":' + orjson.dumps(name)


def describe_name(described: JsonSchemaValue, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """Add the field to the schema of an answer that has a code."""
    schema = handler.resolve_ref_schema(described)
    fields = schema.get("properties", {})
    if handler.mode == "serialization" and CODE_FIELD in fields and NAME_FIELD not in fields:
        schema["properties"] = {
            name: field
            for one, shown in fields.items()
            for name, field in (
                ((one, shown), (NAME_FIELD, NAME_SCHEMA)) if one == CODE_FIELD else ((one, shown),)
            )
        }
        schema["required"] = [*schema.get("required", ()), NAME_FIELD]
    return described
