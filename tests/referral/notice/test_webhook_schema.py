"""Every notice passes the published schema of the webhook."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import ValidationError

from services.referral.notice.models import Notice
from services.referral.program.models import PayloadField
from services.referral.program.rules import build_payload, notice_payload
from tests.factories.referral.notice_schema import read_document, validate_notice

OFFICE = {"kode_wilayah": "33.24", "name": "Dinas Sosial Kendal", "phone": None, "email": "a@example.go.id"}


def rujukan_notice(*fields: PayloadField) -> dict[str, Any]:
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
    person = {"nik": "3324075211879001", "name": "Siti Contoh"}
    named = [{"anggota_id": str(uuid4()), "roles": ["SIGNER", "OWNER"], "relation": "ISTRI", **person}]
    return build_payload(about, OFFICE, {**person, "phone": None, "persons": named})


@pytest.mark.parametrize("fields", [(), tuple(PayloadField)])
def test_rujukan_notice_passes_with_minimum_and_maximum_fields(fields: tuple[PayloadField, ...]) -> None:
    validate_notice(rujukan_notice(*fields))


WITH_DATA = {Notice.RUJUKAN, Notice.KELENGKAPAN}


@pytest.mark.parametrize("notice", sorted({*Notice} - WITH_DATA))
def test_notice_without_personal_data_refuses_other_fields(notice: Notice) -> None:
    plain = notice_payload(notice, uuid4(), date(2026, 7, 1))
    validate_notice(plain)
    with pytest.raises(ValidationError):
        validate_notice(plain | {"name": "Siti Contoh"})


def test_headers_and_replies_are_documented() -> None:
    operation = read_document()["webhooks"]["notice"]["post"]
    assert {one["name"] for one in operation["parameters"]} == {
        "Pilar-Id",
        "Pilar-Timestamp",
        "Pilar-Signature",
        "Idempotency-Key",
    }
    assert set(operation["responses"]) == {"200", "2XX", "422"}
