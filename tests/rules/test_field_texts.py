"""Every field of the published documents is described, and every text describes a field."""

from typing import Any

import pytest

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
