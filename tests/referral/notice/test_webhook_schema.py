"""Every notice passes the published schema of the webhook."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import ValidationError

from services.referral.notice.models import Notice
from services.referral.program.models import PayloadField
from services.referral.program.rules import NoticeHead, build_payload, notice_payload
from tests.factories.referral.notice_schema import PAGE, read_document, read_published_check, validate_notice

OFFICE = {"kode_wilayah": "33.24", "name": "Dinas Sosial Kendal", "phone": None, "email": "a@example.go.id"}


def build_head(notice: Notice) -> NoticeHead:
    return NoticeHead(notice, uuid4(), datetime(2026, 7, 1, tzinfo=UTC), date(2026, 7, 15), "33.24.09.2011")


def rujukan_notice(*fields: PayloadField) -> dict[str, Any]:
    about = {
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
    return build_payload(
        build_head(Notice.RUJUKAN), about, OFFICE, {**person, "phone": None, "persons": named}
    )


@pytest.mark.parametrize("fields", [(), tuple(PayloadField)])
def test_rujukan_notice_passes_with_minimum_and_maximum_fields(fields: tuple[PayloadField, ...]) -> None:
    validate_notice(rujukan_notice(*fields))


WITH_DATA = {Notice.RUJUKAN, Notice.KELENGKAPAN}


@pytest.mark.parametrize("notice", sorted({*Notice} - WITH_DATA))
def test_notice_without_personal_data_refuses_other_fields(notice: Notice) -> None:
    plain = notice_payload(build_head(notice), date(2026, 7, 1))
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
    assert set(operation["responses"]) == {"200", "2XX", "422", "default"}


def test_published_test_vector_is_right() -> None:
    """It is computed without the code that signs, and checked as a partner does."""
    vector = read_document()["webhooks"]["notice"]["post"]["x-test-vector"]
    body, stamp = vector["body"].encode(), vector["timestamp"]
    newest, former = (
        "v1=" + hmac.new(vector[name].encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        for name in ("secret", "former_secret")
    )
    assert (vector["signature"], vector["signature_while_both_are_valid"]) == (newest, f"{newest},{former}")
    is_from_pilar = read_published_check()
    for header in (newest, f"{newest},{former}"):
        headers = {"pilar-timestamp": stamp, "pilar-signature": header}
        assert is_from_pilar(vector["secret"], headers, body, 10**12)
        assert not is_from_pilar(vector["secret"], headers, body + b" ", 10**12)
    notice = json.loads(vector["body"])
    validate_notice(notice)
    assert vector["body"] == json.dumps(notice, separators=(",", ":"), sort_keys=True)
    assert [value for value in vector.values() if f"`{value}`" not in PAGE.read_text("utf-8")] == []


def test_description_has_the_numbers_of_the_code() -> None:
    text = " ".join(read_document()["webhooks"]["notice"]["post"]["description"].split())
    for part in ("43 characters", "64 KiB", "3 seconds", "10 seconds", "3600 seconds", "for 7 days"):
        assert part in text
