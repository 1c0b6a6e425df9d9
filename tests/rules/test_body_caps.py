"""A body that the published contract allows is not refused for its size."""

import json
from typing import Any

import pytest

from shared.http.openapi import routes_of
from tests.factories.applications import SERVICES, application

# 40 rules of up to 1,000 codes each would be 1.8 MB, but no program has more than a few long lists.
LARGER = {"publish_program"}
LARGEST_SCALAR = {"uuid": 38, "date": 12, "date-time": 40}
UNLIMITED = 10**9


def largest(schema: dict[str, Any], schemas: dict[str, Any]) -> int:
    """Return the bytes of the longest ASCII JSON that the schema allows."""
    if "$ref" in schema:
        return largest(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return max(largest(choice, schemas) for choice in choices)
    if schema.get("type") == "array":
        return 2 + schema.get("maxItems", UNLIMITED) * (1 + largest(schema["items"], schemas))
    if schema.get("type") == "object":
        return largest_object(schema, schemas)
    return largest_scalar(schema)


def largest_scalar(schema: dict[str, Any]) -> int:
    if "enum" in schema or "const" in schema:
        return max(len(json.dumps(value)) for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "string":
        return LARGEST_SCALAR.get(schema.get("format", ""), schema.get("maxLength", UNLIMITED) + 2)
    return 20


def largest_object(schema: dict[str, Any], schemas: dict[str, Any]) -> int:
    named = [len(name) + 4 + largest(value, schemas) for name, value in schema.get("properties", {}).items()]
    values = [*schema.get("patternProperties", {}).values()]
    if isinstance(schema.get("additionalProperties"), dict):
        values.append(schema["additionalProperties"])
    free = max((64 + largest(value, schemas) for value in values), default=0)
    return 2 + sum(named) + (free and schema.get("maxProperties", UNLIMITED) * free)


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_of_the_contract_fits(service: str) -> None:
    app = application(service)
    document = app.openapi()
    schemas, default = document["components"]["schemas"], app.state.settings.max_body_bytes
    too_large: dict[str, int] = {}
    for route in routes_of(app):
        for operation in document["paths"][route.path_format].values():
            content = operation.get("requestBody", {}).get("content", {})
            if operation["operationId"] == route.operation_id and "application/json" in content:
                size = largest(content["application/json"]["schema"], schemas)
                if size > max(default, route.declared.max_body):
                    too_large[route.operation_id] = size
    assert too_large.keys() <= LARGER, too_large


def test_an_unlimited_list_is_detected() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}
    assert largest(schema, {}) > UNLIMITED
