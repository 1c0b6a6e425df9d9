"""Every coded value has a label in both languages, and every label a value."""

import re
from typing import Any

import pytest

from deploy.contracts.asyncapi import document
from shared.actions import OPERATIONS
from shared.http.labels import LABELS, enums_of, label_enums, list_enums, values_of
from shared.http.texts import read_texts
from tests.factories.applications import SERVICES, application
from tests.factories.repository import ROOT

PUBLISHED = (*SERVICES, "asyncapi")


def read_document(published: str) -> dict[str, Any]:
    return document() if published == "asyncapi" else application(published).openapi()


@pytest.mark.parametrize("published", PUBLISHED)
def test_each_value_of_each_enum_has_both_labels(published: str) -> None:
    for name, schema in enums_of(read_document(published)):
        assert list(schema[LABELS]) == values_of(schema), name
        assert all(label["en"] and label["id"] for label in schema[LABELS].values()), (name, schema[LABELS])


def test_a_value_without_a_label_is_detected() -> None:
    schema = {"type": "string", "enum": ["CUTI", "NOWHERE"]}
    with pytest.raises(KeyError, match="NOWHERE"):
        label_enums({"components": {"schemas": {"PendampingStatus": schema}}})


def test_each_label_has_a_value() -> None:
    enums = [one for published in PUBLISHED for one in enums_of(read_document(published))]
    used = {f"{name}.{value}" for name, schema in enums for value in values_of(schema)}
    unused = [
        name
        for name in read_texts("labels")
        if name not in used and not any(one.endswith(f".{name}") for one in used)
    ]
    assert unused == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_enum_is_listed_by_name(service: str) -> None:
    listed = {
        one["name"]: [value["value"] for value in one["values"]] for one in list_enums(read_document(service))
    }
    assert all(
        set(values_of(schema)) <= {*listed[name]} for name, schema in enums_of(read_document(service)) if name
    )
    assert [values for values in listed.values() if len(values) != len({*values})] == []


@pytest.mark.parametrize("published", PUBLISHED)
def test_each_enum_has_the_name_of_a_type(published: str) -> None:
    names = {name for name, _ in enums_of(read_document(published)) if name}
    assert {name for name in names if not name[0].isupper()} == set()


def test_codes_of_intake_rows_are_published_with_their_sentences() -> None:
    listed = {
        one["name"]: {value["value"]: value for value in one["values"]}
        for one in list_enums(read_document("caseload"))
    }
    assert listed["IntakeWarning"]["PHONE_UNUSABLE"]["en"].startswith("This is not one phone number")
    assert "{allowed}" in listed["IntakeRefusal"]["UNKNOWN_VALUE"]["id"]
    assert "MEMBER_LEAVES" in listed["IntakeChange"]


@pytest.mark.parametrize("service", ["caseload", "graduation", "referral"])
def test_the_role_of_an_act_may_be_the_service(service: str) -> None:
    listed = {
        one["name"]: {value["value"]: value for value in one["values"]}
        for one in list_enums(read_document(service))
    }
    assert listed["ActingRole"]["SYSTEM"] == {
        "value": "SYSTEM",
        "en": "The service itself",
        "id": "Layanan sendiri",
    }
    assert {*listed["ActingRole"]} == {*listed["Role"], "SYSTEM"}


def test_each_action_of_a_service_is_an_operation_with_a_label() -> None:
    sources = [path.read_text() for path in (ROOT / "services").rglob("*.py")]
    named = re.compile(r'(?:\bAction|ListedAction|to_action)\(\s*"(\w+)"')
    used = {operation for source in sources for operation in named.findall(source)}
    assert used == set(OPERATIONS)
