"""A partner writes its side against the contract alone: every notice as it is made passes the published schema."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator, ValidationError

from services.referral.notice.models import Notice
from services.referral.program.models import PayloadField
from services.referral.program.rules import build_payload, notice_payload
from tests.factories.applications import application

OFFICE = {"kode_wilayah": "33.24", "name": "Dinas Sosial Kendal", "phone": None, "email": "a@example.go.id"}


def published() -> dict[str, Any]:
    return application("referral").openapi()


def check(notice: dict[str, Any]) -> None:
    document = published()
    schema = {"$ref": "#/components/schemas/NoticeBody", "components": document["components"]}
    Draft202012Validator(schema).validate(notice)


def rujukan(*fields: PayloadField) -> dict[str, Any]:
    about = {
        "rujukan_program_id": uuid4(),
        "consent_id": uuid4(),
        "code": "KUR_SUPERMIKRO",
        "legal_basis": "Permenko 7/2025",
        "purpose": "PASCAGRADUASI",
        "sk_no": "1/2/3",
        "certificate_no": None,
        "usaha": None,
        "minimum_data": list(fields),
    }
    return build_payload(about, OFFICE, {"nik": "3324075211879001", "name": "Siti Contoh", "phone": None})


@pytest.mark.parametrize("fields", [(), tuple(PayloadField)])
def test_a_rujukan_passes_with_the_least_and_with_the_most(fields: tuple[PayloadField, ...]) -> None:
    check(rujukan(*fields))


@pytest.mark.parametrize("notice", [one for one in Notice if one is not Notice.RUJUKAN])
def test_a_notice_that_names_nobody_passes_and_one_that_tells_more_does_not(notice: Notice) -> None:
    plain = notice_payload(notice, uuid4(), date(2026, 7, 1))
    check(plain)
    with pytest.raises(ValidationError):
        check(plain | {"name": "Siti Contoh"})


def test_the_headers_and_replies_are_said() -> None:
    operation = published()["webhooks"]["notice"]["post"]
    assert {one["name"] for one in operation["parameters"]} == {
        "Pilar-Id",
        "Pilar-Timestamp",
        "Pilar-Signature",
        "Idempotency-Key",
    }
    assert set(operation["responses"]) == {"200", "2XX", "422"}
