"""Every request and answer of the published documents has a valid example."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import TypeAdapter

from shared.http.descriptions import fields_of
from shared.http.examples import Composer, ExampleMissing, list_contents, list_refusal_contents
from shared.http.openapi import routes_of
from shared.http.texts import read_texts
from tests.factories.applications import SERVICES, application


def find_invalid(content: dict[str, Any], components: dict[str, Any]) -> list[str]:
    """Return why the example of a content does not fit its schema."""
    schema = {**content["schema"], "components": components}
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}"[:200] for error in checker.iter_errors(content["example"])]


@pytest.mark.parametrize("service", SERVICES)
def test_every_request_and_answer_has_a_valid_example(service: str) -> None:
    document = application(service).openapi()
    faults = [
        (content["schema"], fault)
        for content in list_contents(document)
        for fault in find_invalid(content, document["components"])
    ]
    assert faults == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_example_of_a_request_is_accepted_by_its_route(service: str) -> None:
    app = application(service)
    paths = app.openapi()["paths"]
    for route in routes_of(app):
        body = paths[route.path_format][next(iter(route.methods)).lower()].get("requestBody", {})
        example = body.get("content", {}).get("application/json", {}).get("example")
        if example is not None and route.body_field is not None:
            TypeAdapter(route.body_field.field_info.annotation).validate_python(example)


@pytest.mark.parametrize("service", SERVICES)
def test_every_refusal_has_a_valid_example(service: str) -> None:
    document = application(service).openapi()
    components = document["components"]
    for _, content in list_refusal_contents(document):
        name = content["schema"]["$ref"].rpartition("/")[2]
        assert content["examples"] == {"refusal": {"$ref": f"#/components/examples/{name}"}}
    for name, example in components["examples"].items():
        content = {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": example["value"]}
        assert find_invalid(content, components) == []
        assert "{" not in example["value"]["detail"].replace("{id}", "")


def test_an_example_that_does_not_fit_is_detected() -> None:
    content = {"schema": {"type": "object", "required": ["kpm_id"]}, "example": {}}
    assert find_invalid(content, {}) == ["$: 'kpm_id' is a required property"]


def test_a_text_without_an_example_is_detected() -> None:
    with pytest.raises(ExampleMissing, match=r"Planted\.unheard_of"):
        Composer({}).compose({"type": "string"}, "unheard_of", "Planted")


def test_every_text_of_an_example_belongs_to_a_field_or_a_schema() -> None:
    known = set[str]()
    for service in SERVICES:
        schemas = application(service).openapi()["components"]["schemas"]
        fields = [(schema, name) for schema, name, _ in fields_of(schemas)]
        known |= {*schemas, *(name for _, name in fields), *(f"{schema}.{name}" for schema, name in fields)}
    assert [name for name in read_texts("examples") if name.removesuffix(".key") not in known] == []
