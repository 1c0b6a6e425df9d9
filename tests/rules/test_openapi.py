"""What a client is generated from: described parameters, no null in a query, roles, headers, refusals by name."""

import json
import re
from typing import Any

import pytest

from shared.access import Permission
from shared.access.permissions import PERMISSIONS
from shared.http.contract import routes_of
from shared.http.idempotency import SHOWN_ONCE
from tests.factories.applications import SERVICES, application
from tests.factories.repository import ROOT

# Work that nobody who asks for it could watch or stop would run on unseen.
WATCHED = (Permission.JOB_READ, Permission.JOB_CANCEL)


def operations(service: str) -> dict[str, dict[str, Any]]:
    paths = application(service).openapi()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_parameter_is_described_and_none_is_null(service: str) -> None:
    found = [
        (name, parameter["name"])
        for name, operation in operations(service).items()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description") or {"type": "null"} in parameter["schema"].get("anyOf", ())
    ]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_says_what_it_does_and_who_may(service: str) -> None:
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
        takes_a_version = any(one["name"] == "If-Match" for one in operation.get("parameters", ()))
        good = next(answer for status, answer in answers.items() if status.startswith("2"))
        assert not takes_a_version or "Idempotency-Replayed" in good["headers"], name


def test_a_list_of_what_is_to_be_done_leaves_out_what_is_done_unless_asked() -> None:
    found = [
        (service, name, parameter["schema"])
        for service in SERVICES
        for name, operation in operations(service).items()
        for parameter in operation.get("parameters", ())
        if "open" in parameter["name"]
    ]
    assert {service for service, *_ in found} == {"caseload", "graduation", "referral"}
    assert [one for one in found if (one[2].get("type"), one[2].get("default")) != ("boolean", True)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_refusals_are_listed_by_name_with_both_sentences(service: str) -> None:
    listed = {one["title"]: one for one in application(service).openapi()["x-problems"]}
    assert {"NotFound", "KeyReused", "LostRace", "InvalidCursor", "IllegalTransition", "Invalid"} <= set(
        listed
    )
    assert all(one["en"] and one["id"] and 400 <= one["status"] < 600 for one in listed.values())
    assert ("StatementMissing" in listed) == (service == "graduation")
    assert ("CaseAlreadyOpen" in listed) == (service in {"caseload", "graduation"})


@pytest.mark.parametrize("service", SERVICES)
def test_whoever_asks_for_long_work_may_watch_and_stop_it(service: str) -> None:
    asking = [
        route.declared.permission
        for route in routes_of(application(service))
        if route.status_code == 202 and not {"jobs", "parked"} & set(route.tags)
    ]
    assert all(PERMISSIONS[asked] <= PERMISSIONS[one] for asked in asking if asked for one in WATCHED)


def test_what_is_published_sends_nobody_to_a_page_that_is_not_there() -> None:
    published = [json.dumps(application(service).openapi()) for service in SERVICES]
    published.append((ROOT / "asyncapi.json").read_text("utf-8"))
    assert [text[max(0, at - 60) : at + 3] for text in published if (at := text.find(".md")) >= 0] == []


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_in_answers_are_marked_as_shown_once_where_storing_leaves_them_out(service: str) -> None:
    """`idempotency.store` looks at the fields of the answer itself, not at those of an object in it."""
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
