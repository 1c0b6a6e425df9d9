"""The OpenAPI documents describe parameters, roles, headers and refusals."""

import json
import re
from typing import Any

import pytest

from shared.access import Permission
from shared.access.permissions import PERMISSIONS
from shared.approval.models import ApprovalKind
from shared.http.descriptions import fields_of
from shared.http.field_schema import names_of_schemas, references
from shared.http.idempotency import SHOWN_ONCE
from shared.http.openapi import routes_of
from shared.http.parameters import complete
from shared.http.texts import read_texts
from tests.factories.applications import SERVICES, application
from tests.factories.repository import ROOT

# Whoever may start a job must also be able to read and cancel it.
JOB_PERMISSIONS = (Permission.JOB_READ, Permission.JOB_CANCEL)


def operations(service: str) -> dict[str, dict[str, Any]]:
    paths = application(service).openapi()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_parameter_is_described_and_none_is_null(service: str) -> None:
    undescribed = [
        (name, parameter["name"])
        for name, operation in operations(service).items()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description") or {"type": "null"} in parameter["schema"].get("anyOf", ())
    ]
    assert undescribed == []


def test_the_page_for_frontends_names_each_list_with_updated_since() -> None:
    page = (ROOT / "docs" / "api-frontend.md").read_text()
    for service in SERVICES:
        lists = [
            f"`{name.removeprefix('GET ')}`"
            for name, operation in operations(service).items()
            if "updated_since" in {one["name"] for one in operation.get("parameters", ())}
        ]
        assert f"| {service} | {', '.join(lists)} |" in page


def test_a_parameter_that_is_no_id_needs_a_text() -> None:
    with pytest.raises(KeyError, match="unheard_of"):
        complete({"name": "unheard_of", "schema": {"type": "boolean"}})


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_description_and_its_roles(service: str) -> None:
    for name, operation in operations(service).items():
        assert operation["description"], name
        if operation["security"]:
            assert set(operation["x-roles"]) == {
                role.value for role in PERMISSIONS[operation["x-permission"]]
            }
            assert operation["description"].endswith(f"For: {', '.join(operation['x-roles'])}."), name


@pytest.mark.parametrize("service", SERVICES)
def test_headers_that_a_client_needs_are_published(service: str) -> None:
    for name, operation in operations(service).items():
        answers = operation["responses"]
        assert "Retry-After" in answers["503"]["headers"], name
        assert "Allow" in answers["405"]["headers"], name
        takes_a_version = any(
            parameter["name"] == "If-Match" for parameter in operation.get("parameters", ())
        )
        good = next(answer for status, answer in answers.items() if status.startswith("2"))
        assert not takes_a_version or "Idempotency-Replayed" in good["headers"], name


def test_lists_of_open_items_omit_closed_ones_by_default() -> None:
    parameters = [
        (service, name, parameter["schema"])
        for service in SERVICES
        for name, operation in operations(service).items()
        for parameter in operation.get("parameters", ())
        if "open" in parameter["name"]
    ]
    assert {service for service, *_ in parameters} == set(SERVICES)
    assert [
        entry for entry in parameters if (entry[2].get("type"), entry[2].get("default")) != ("boolean", True)
    ] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_names_its_servers_contact_licence_and_tags(service: str) -> None:
    document = application(service).openapi()
    assert {"/", "https://{host}"} == {server["url"] for server in document["servers"]}
    assert document["info"]["contact"]["name"]
    assert document["info"]["license"]["name"]
    used = {tag for operation in operations(service).values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"]}


def test_each_text_of_a_tag_is_used() -> None:
    used = {tag["name"] for service in SERVICES for tag in application(service).openapi()["tags"]}
    assert used == read_texts("tags").keys()


def find_homonyms(documents: dict[str, dict[str, Any]]) -> set[str]:
    """Return the names of schemas that are not the same in all services."""
    texts: dict[str, set[str]] = {}
    for document in documents.values():
        for name, schema in document["components"]["schemas"].items():
            texts.setdefault(name, set()).add(json.dumps(schema, sort_keys=True))
    return {name for name, different in texts.items() if len(different) > 1 or "__" in name}


def test_a_schema_has_the_same_content_in_all_services() -> None:
    documents = {service: application(service).openapi() for service in SERVICES}
    assert find_homonyms(documents) == set()
    planted = {"components": {"schemas": {"JobView": {"type": "object"}, "a__b": {}}}}
    assert find_homonyms(documents | {"planted": planted}) == {"JobView", "a__b"}


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_accepts_unknown(service: str) -> None:
    """UNKNOWN is only what a reader makes of a value that is newer than itself."""
    schemas = application(service).openapi()["components"]["schemas"]
    requests = [
        part
        for operation in operations(service).values()
        for part in (operation.get("requestBody"), operation.get("parameters"))
    ]
    texts = [
        json.dumps(requests),
        *(json.dumps(schemas[name]) for name in names_of_schemas(requests, schemas)),
    ]
    assert [text for text in texts if '"UNKNOWN"' in text] == []


@pytest.mark.parametrize("service", SERVICES)
def test_refusals_are_listed_by_name_with_both_sentences(service: str) -> None:
    listed = {problem["title"]: problem for problem in application(service).openapi()["x-problems"]}
    assert {
        "NotFound",
        "KeyReused",
        "VersionOutdated",
        "InvalidCursor",
        "IllegalTransition",
        "Invalid",
    } <= set(listed)
    assert all(
        problem["en"] and problem["id"] and 400 <= problem["status"] < 600 for problem in listed.values()
    )
    assert ("StatementMissing" in listed) == (service == "graduation")
    assert ("ApprovalRequestClosed" in listed) == (service != "referral")
    assert ("CaseAlreadyOpen" in listed) == (service in {"caseload", "graduation"})


@pytest.mark.parametrize("service", SERVICES)
def test_whoever_starts_a_job_may_read_and_cancel_it(service: str) -> None:
    permissions = [
        route.declared.permission
        for route in routes_of(application(service))
        if route.status_code == 202 and not {"jobs", "parked"} & set(route.tags)
    ]
    assert all(
        PERMISSIONS[starting] <= PERMISSIONS[permission]
        for starting in permissions
        if starting
        for permission in JOB_PERMISSIONS
    )


def test_published_documents_refer_to_no_markdown_page() -> None:
    published = [json.dumps(application(service).openapi()) for service in SERVICES]
    published.append((ROOT / "asyncapi.json").read_text("utf-8"))
    assert [text[max(0, at - 60) : at + 3] for text in published if (at := text.find(".md")) >= 0] == []


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_in_answers_are_marked_as_shown_once(service: str) -> None:
    """`idempotency.store` reads the fields of the answer itself, not of nested objects."""
    schemas = application(service).openapi()["components"]["schemas"]
    properties = [
        (name, field, shape)
        for name, schema in schemas.items()
        for field, shape in schema.get("properties", {}).items()
    ]
    marked = {(name, field) for name, field, shape in properties if shape.get(SHOWN_ONCE)}
    secret = {(name, field) for name, field, _ in properties if re.search("secret|password|token", field)}
    assert marked == secret
    for name, field in marked:
        assert {"type": "null"} in schemas[name]["properties"][field]["anyOf"]
        assert f'"#/components/schemas/{name}"' not in json.dumps(schemas)


def test_every_kind_of_two_person_act_has_a_schema_of_its_body() -> None:
    kinds = set[str]()
    for service in SERVICES:
        document = application(service).openapi()
        bodies = document.get("x-approval-bodies", {})
        assert {*references(bodies)} <= document["components"]["schemas"].keys()
        kinds |= bodies.keys()
    assert kinds == {kind.value for kind in ApprovalKind}


def test_objects_without_declared_fields_are_these_alone() -> None:
    """Each has its reason in its description, or holds what somebody else declares."""
    open_fields = {
        f"{schema}.{name}"
        for service in SERVICES
        for schema, name, field in fields_of(application(service).openapi()["components"]["schemas"])
        if field.get("type") == "object"
        and "properties" not in field
        and field.get("additionalProperties", True) is True
    }
    assert open_fields == {
        "ApprovalRequestView.body",
        "Assessment.answers",
        "ProgramView.payload_schema",
        "RowErrorItem.params",
    }
