"""Each refusal publishes its values, and each operation its titles."""

import json
import string
from typing import Any

import pytest

from shared.errors import CaseAlreadyOpen, DomainError
from shared.http.descriptions import fields_of
from shared.http.labels import enums_of, values_of
from shared.http.refusals import describe_params
from shared.http.texts import read_texts
from tests.factories.applications import SERVICES, application
from tests.factories.refusal_classes import list_refusals
from tests.factories.refusal_texts import find_unpublished, published_refusals


def find_undocumented(refusal: type[DomainError]) -> list[str]:
    """Return the values of its sentences that a refusal does not publish."""
    names = {
        name
        for sentence in (refusal.en, refusal.id)
        for _, name, _, _ in string.Formatter().parse(sentence)
        if name
    }
    try:
        schema = describe_params(refusal)
    except KeyError as error:
        return [f"{refusal.__name__}: params.txt has no line for {error}"]
    shown = {name for name, one in schema["properties"].items() if one["description"]}
    return [f"{refusal.__name__}: {name}" for name in names - {*schema["required"]} & shown]


def test_each_value_of_each_sentence_is_published() -> None:
    assert [fault for refusal in list_refusals() for fault in find_undocumented(refusal)] == []


def test_a_value_without_a_line_is_detected() -> None:
    planted = type("Planted", (DomainError,), {"en": "No {unheard_of}.", "id": "Tidak."})
    assert find_undocumented(planted) == ["Planted: params.txt has no line for 'unheard_of'"]


def test_each_line_describes_a_value() -> None:
    used = {
        key
        for refusal in list_refusals()
        for name in describe_params(refusal)["properties"]
        for key in (name, f"{refusal.__name__}.{name}")
    }
    assert [name for name in read_texts("params") if name not in used] == []


# A media type, a sentence, and a field of another enum than that of rules.
NO_VALUE_OF_THE_FIELD = {"FileNotOfDeclaredKind.kind", "InvalidToken.reason", "FieldNotConsented.field"}


def read_enum_fields() -> dict[str, set[str]]:
    """Return the values of each published field that is an enum."""
    values: dict[str, set[str]] = {}
    for service in SERVICES:
        document = application(service).openapi()
        enums = {name: values_of(schema) for name, schema in enums_of(document) if name}
        for _, name, schema in fields_of(document["components"]["schemas"]):
            for part in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
                used = part.get("enum") or enums.get(part.get("$ref", "").rpartition("/")[2], ())
                values.setdefault(name, set()).update(used)
    return {name: used for name, used in values.items() if used}


def test_each_example_of_an_enum_is_one_of_its_values() -> None:
    fields, wrong = read_enum_fields(), list[str]()
    assert {"exit_reason", "channel", "kind", "reason_code"} <= {*fields}
    for key, text in read_texts("params").items():
        example: Any = json.loads(text.partition(" | ")[0])
        known = fields.get(key.rpartition(".")[2])
        codes = [one for one in (example if isinstance(example, list) else [example]) if isinstance(one, str)]
        if known and key not in NO_VALUE_OF_THE_FIELD and not known.issuperset(codes):
            wrong.append(key)
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_publishes_titles_of_the_service(service: str) -> None:
    titles, _ = published_refusals(service)
    listed = {(one["title"], str(one["status"])) for one in application(service).openapi()["x-problems"]}
    assert {(title, status) for (_, status), names in titles.items() for title in names} <= listed
    assert {title for (_, status), names in titles.items() for title in names} >= {"NotFound", "Busy"}


def test_an_operation_names_what_its_endpoint_refuses() -> None:
    titles, _ = published_refusals("graduation")
    opening = titles[("graduation", "open_graduasi"), "409"]
    assert {"CaseAlreadyOpen", "KepesertaanNotActive", "PolicyMissing"} <= opening
    assert not {"SkNumberTaken", "SanggahStillOpen"} & opening
    # A refusal of a constraint, in a table of lambdas.
    assert "StagesMissing" in titles[("graduation", "draft_policy"), "422"]
    assert "409" not in {status for (_, name), status in titles if name == "list_graduasi"}


@pytest.mark.parametrize(
    ("title", "params", "fault"),
    [
        ("CaseAlreadyOpen", {}, None),
        ("CaseAlreadyOpen", {"graduasi_id": "0198a0de-0000-7000-8000-000000000001"}, None),
        ("CaseAlreadyOpen", {"kpm_id": "1"}, "CaseAlreadyOpen has the unpublished values ['kpm_id']"),
        ("KepesertaanNotActive", {}, "KepesertaanNotActive: $ 'on' is a required property"),
        ("KepesertaanNotActive", {"on": 7}, "KepesertaanNotActive: $.on 7 is not of type 'string'"),
        ("SkNumberTaken", {}, "SkNumberTaken is not published for 409"),
    ],
)
def test_an_unpublished_answer_is_detected(title: str, params: dict[str, object], fault: str | None) -> None:
    place, problem = ("graduation", "open_graduasi"), {"title": title, "status": 409, "params": params}
    assert find_unpublished("graduation", place, problem) == fault


def test_an_id_is_no_part_of_the_sentence() -> None:
    refusal = CaseAlreadyOpen(graduasi_id=7, other=8)
    assert refusal.values() == {"graduasi_id": 7}
    assert describe_params(CaseAlreadyOpen)["required"] == []
