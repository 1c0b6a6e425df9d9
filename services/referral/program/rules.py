"""Payloads of notices to partners: the minimum data of the program and nothing else.

Sources: UU 27/2022 art. 27, 28; docs/decisions/0024-personal-data-is-sealed-and-masked.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.referral.consent.models import Consent
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.partner.models import OfficeTerms
from services.referral.program.models import PayloadField, Program
from services.referral.rujukan.models import Rujukan, RujukanProgram
from services.referral.signature.models import PersonRole

TEXT, NULLABLE_TEXT = {"type": "string"}, {"type": ["string", "null"]}
DAY, ID = {"type": "string", "format": "date"}, {"type": "string", "format": "uuid"}
HEAD_FIELDS: dict[str, Any] = {
    "notice": TEXT,
    "rujukan_program_id": ID,
    "notified_at": {
        "type": "string",
        "format": "date-time",
        "description": "When the notice was written, the same on each attempt.",
    },
    "sla_due_on": {
        "type": ["string", "null"],
        "format": "date",
        "description": "The last day for the partner's next act. Of a RUJUKAN: if the partner takes it today.",
    },
    "kode_wilayah": TEXT | {"description": "The area of the offer."},
}
REQUIRED_FIELDS: dict[str, Any] = HEAD_FIELDS | {
    "notice": {"const": Notice.RUJUKAN.value},
    "sla_due_on": HEAD_FIELDS["sla_due_on"] | DAY,
    "program": TEXT,
    "purpose": TEXT,
    "legal_basis": TEXT,
    "consent_id": ID,
    "office": {
        "type": "object",
        "additionalProperties": False,
        "required": ["kode_wilayah", "name", "phone", "email"],
        "properties": {
            "kode_wilayah": TEXT,
            "name": TEXT,
            "phone": NULLABLE_TEXT,
            "email": NULLABLE_TEXT,
        },
    },
}
OPTIONAL_FIELDS: dict[PayloadField, Any] = {
    PayloadField.NIK: {"type": "string", "pattern": "^[0-9]{16}$"},
    PayloadField.NAME: TEXT,
    PayloadField.PHONE: NULLABLE_TEXT,
    PayloadField.USAHA: {
        "type": ["object", "null"],
        "additionalProperties": False,
        "required": ["sector", "started_on", "omzet_rp", "has_nib", "has_letter"],
        "properties": {
            "sector": TEXT,
            "started_on": DAY,
            "omzet_rp": {"type": "integer", "minimum": 0},
            "has_nib": {"type": "boolean"},
            "has_letter": {"type": "boolean"},
        },
    },
    PayloadField.SK_NO: TEXT,
    PayloadField.CERTIFICATE_NO: NULLABLE_TEXT,
    PayloadField.PERSONS: {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["roles", "relation"],
            "properties": {
                "roles": {
                    "type": "array",
                    "items": {"type": "string", "enum": [role.value for role in PersonRole]},
                },
                "relation": TEXT,
                "nik": {"type": "string", "pattern": "^[0-9]{16}$"},
                "name": TEXT,
            },
        },
    },
}
SUPPLY_FIELDS: dict[str, Any] = {
    "fields": {"type": "array", "items": {"type": "string", "enum": [field.value for field in PayloadField]}},
    "text": TEXT,
    "files": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["sha256", "media_type", "content"],
            "properties": {"sha256": TEXT, "media_type": TEXT, "content": TEXT | {"format": "byte"}},
        },
    },
}
DAY_FIELDS = {
    Notice.KELENGKAPAN: "supplied_on",
    Notice.DICABUT: "withdrawn_on",
    Notice.KEDALUWARSA: "expired_on",
    Notice.PENGINGAT: "sla_due_on",
    Notice.PENGINGAT_PENYALURAN: "delivery_due_on",
}
PERSONAL = (PayloadField.NIK, PayloadField.NAME, PayloadField.PHONE)
OF_EACH_PERSON = (PayloadField.NIK, PayloadField.NAME)


@dataclass(frozen=True, slots=True)
class NoticeHead:
    """What every notice has.

    `notified_at` is the instant at which the notice was written, the same on each attempt. `sla_due_on` is the last day
    for the partner's next act, or None if it owes none.
    """

    notice: Notice
    rujukan_program_id: UUID
    notified_at: datetime
    sla_due_on: date | None
    kode_wilayah: str

    @classmethod
    def of(cls, notice: PartnerNotice, row: RujukanProgram, sla_due_on: date | None) -> "NoticeHead":
        """Return the head of a stored notice about an offer."""
        return cls(notice.notice, row.rujukan_program_id, notice.created_at, sla_due_on, row.kode_wilayah)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as they are sent."""
        at = self.notified_at.astimezone(UTC).isoformat(timespec="seconds")
        return {
            "notice": self.notice.value,
            "rujukan_program_id": str(self.rujukan_program_id),
            "notified_at": at.replace("+00:00", "Z"),
            "sla_due_on": self.sla_due_on and self.sla_due_on.isoformat(),
            "kode_wilayah": self.kode_wilayah,
        }


@dataclass(frozen=True, slots=True)
class Sharing:
    """All that a notice of a rujukan is made of. Its repr is never printed.

    `sla_due_on` is the last day for an answer if the partner accepts the rujukan today.
    """

    rujukan: Rujukan
    row: RujukanProgram
    program: Program
    consent: Consent
    office: OfficeTerms
    person: Mapping[str, Any]
    sla_due_on: date


def payload_schema(minimum_data: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the notice of a rujukan of this program.

    It allows no other field.
    """
    fields = {**REQUIRED_FIELDS, **{name: OPTIONAL_FIELDS[PayloadField(name)] for name in minimum_data}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": fields,
    }


def rujukan_payload(sharing: Sharing, notice: PartnerNotice) -> dict[str, Any]:
    """Return the notice of a rujukan with the program's minimum data.

    Each field is read by name, so that nothing else is shared.
    """
    about: dict[str, Any] = {
        "usaha": sharing.row.usaha,
        "consent_id": sharing.consent.consent_id,
        **{name: getattr(sharing.program, name) for name in ("code", "legal_basis", "minimum_data")},
        **{name: getattr(sharing.rujukan, name) for name in ("purpose", "sk_no", "certificate_no")},
    }
    office = {name: getattr(sharing.office, name) for name in OfficeTerms.model_fields}
    head = NoticeHead.of(notice, sharing.row, sharing.sla_due_on)
    return build_payload(head, about, office, sharing.person)


def build_payload(
    head: NoticeHead, about: Mapping[str, Any], office: Mapping[str, Any], person: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the notice of a rujukan from its parts, the same for webhook and inbox."""
    values: dict[str, Any] = {
        **{name: person.get(name) for name in PERSONAL},
        PayloadField.USAHA: about["usaha"],
        PayloadField.SK_NO: about["sk_no"],
        PayloadField.CERTIFICATE_NO: about["certificate_no"],
        PayloadField.PERSONS: _persons(about["minimum_data"], person.get("persons", [])),
    }
    return {
        **head.to_json(),
        "program": about["code"],
        "purpose": str(about["purpose"]),
        "legal_basis": about["legal_basis"],
        "consent_id": str(about["consent_id"]),
        "office": dict(office),
        **{name: values[name] for name in about["minimum_data"]},
    }


def _persons(minimum_data: Sequence[str], persons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = ["roles", "relation", *(str(name) for name in OF_EACH_PERSON if name in minimum_data)]
    return [{name: one[name] for name in names} for one in persons]


def supply_payload(
    head: NoticeHead, on: date, fields: Sequence[str], content: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the notice with the data that the partner asked for."""
    return {
        **notice_payload(head, on),
        "fields": list(fields),
        **{name: content[name] for name in ("text", "files")},
    }


def notice_payload(head: NoticeHead, on: date) -> dict[str, Any]:
    """Return a notice without data of the family and without a reason.

    It says that the rujukan was withdrawn or expired, or that the partner's answer or delivery is due.
    """
    return head.to_json() | {DAY_FIELDS[head.notice]: on.isoformat()}
