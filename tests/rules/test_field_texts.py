"""Every field of the published documents is described, and every text describes a field."""

from collections import defaultdict
from typing import Any

import pytest

from deploy.contracts.asyncapi import document
from shared.http.descriptions import describe_fields, fields_of
from shared.http.texts import read_texts
from tests.factories.applications import SERVICES, application


def schemas_of(service: str) -> dict[str, Any]:
    return application(service).openapi()["components"]["schemas"]


def find_undescribed(schemas: dict[str, Any]) -> list[str]:
    return [f"{schema}.{name}" for schema, name, field in fields_of(schemas) if not field.get("description")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_field_is_described(service: str) -> None:
    assert find_undescribed(schemas_of(service)) == []


def find_shared_texts(schemas: dict[str, Any]) -> list[str]:
    """Return the fields of a schema that one text describes."""
    users = defaultdict[tuple[str, str], set[str]](set)
    for schema, name, field in fields_of(schemas):
        users[schema, field.get("description", "")].add(name)
    return [f"{schema}: {' '.join(sorted(names))}" for (schema, _), names in users.items() if len(names) > 1]


@pytest.mark.parametrize("service", SERVICES)
def test_each_text_describes_one_field_of_a_schema(service: str) -> None:
    assert find_shared_texts(schemas_of(service)) == []


def test_each_text_describes_one_field_of_an_event() -> None:
    assert find_shared_texts(document()["components"]["schemas"]) == []


def test_a_text_of_two_fields_is_detected() -> None:
    text = {"type": "string"}
    schemas = {"Planted": {"properties": {"name": text, "kpm_id": text}}}
    describe_fields(schemas)
    assert find_shared_texts(schemas) == ["Planted: kpm_id name"]


def test_a_field_without_a_text_is_detected() -> None:
    inner = {"type": "object", "properties": {"kpm_id": {}, "unheard_of": {}}}
    schemas = {"Planted": {"properties": {"items": {"type": "array", "items": inner}}}}
    describe_fields(schemas)
    assert find_undescribed(schemas) == ["Planted.unheard_of"]


def test_every_text_describes_a_field() -> None:
    described = {
        (name, text)
        for service in SERVICES
        for schema, field, shown in fields_of(schemas_of(service))
        for name, text in ((f"{schema}.{field}", shown["description"]), (field, shown["description"]))
    }
    assert [name for name, text in read_texts("fields").items() if (name, text) not in described] == []


def test_every_field_of_an_event_is_described() -> None:
    schemas = document()["components"]["schemas"]
    assert find_undescribed(schemas) == []
    shown = {
        (name, field["description"])
        for schema, field_name, field in fields_of(schemas)
        for name in (f"{schema}.{field_name}", field_name)
    }
    assert [line for line in read_texts("events").items() if line not in shown] == []


def test_a_text_of_one_schema_is_used_before_one_of_the_field() -> None:
    schemas = {"BackPay": {"properties": {"reason": {}}}, "KpmEnded": {"properties": {"reason": {}}}}
    describe_fields(schemas, "events")
    texts = [schema["properties"]["reason"]["description"] for schema in schemas.values()]
    assert texts == [read_texts("fields")["BackPay.reason"], read_texts("events")["reason"]]
