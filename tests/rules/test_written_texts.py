"""Every text of a request has a place in an answer."""

from typing import Any

import pytest

from deploy.contracts.declarations import openapi_of
from deploy.services import SERVICES
from shared.http.field_schema import names_of_schemas
from tests.factories.written_texts import CLEAR, NO_TEXT, SEALED, Place, find_texts


def fields_of_answer(document: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    """Return the schemas of the place's field in the answer of its operation."""
    schemas = document["components"]["schemas"]
    operation = document["paths"].get(place.path.partition("?")[0], {}).get("get", {"responses": {}})
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    properties = [schemas[name].get("properties", {}) for name in names_of_schemas(answers, schemas)]
    return [fields[place.field] for fields in properties if place.field in fields]


@pytest.mark.parametrize("service", SERVICES)
def test_every_text_of_a_request_has_a_place(service: str) -> None:
    places = SEALED[service].keys() | CLEAR[service].keys() | NO_TEXT[service]
    assert find_texts(openapi_of(service)) == places


@pytest.mark.parametrize("service", SERVICES)
def test_every_place_is_a_field_of_an_answer(service: str) -> None:
    document = openapi_of(service)
    places = SEALED[service] | CLEAR[service]
    assert {key for key, place in places.items() if not fields_of_answer(document, place)} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_sealed_text_has_a_class(service: str) -> None:
    document = openapi_of(service)
    without = {
        key
        for key, place in SEALED[service].items()
        if not any("x-field-class" in field for field in fields_of_answer(document, place))
    }
    assert without == set()


def test_a_text_without_a_place_is_detected() -> None:
    schema = {"properties": {"kind": {"type": "string", "enum": ["A"]}, "why": {"type": "string"}}}
    operation = {"operationId": "act", "requestBody": {"content": {"application/json": {"schema": schema}}}}
    assert find_texts({"paths": {"/v1/act": {"post": operation}}}) == {"act.why"}
