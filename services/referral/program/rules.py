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

Schema = dict[str, Any]


def _text(description: str, **schema: Any) -> Schema:
    return {"type": "string", "description": description} | schema


def _object(properties: Schema, optional: Sequence[str] = (), **schema: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    content = {"additionalProperties": False, "required": required, "properties": properties}
    return {"type": "object", **content, **schema}


def _array(items: Schema, description: str, **schema: Any) -> Schema:
    return {"type": "array", "items": items, "description": description, **schema}


NULLABLE: Schema = {"type": ["string", "null"]}
DAY: Schema = {"type": "string", "format": "date"}
HEAD_FIELDS: Schema = {
    "notice": _text("Kind of notice."),
    "rujukan_program_id": _text("Offer that the notice is about, by its id in referral.", format="uuid"),
    "notified_at": _text("When the notice was written, the same on each attempt.", format="date-time"),
    "sla_due_on": _text(
        "Last day for the partner's next act: the answer, after DISETUJUI the delivery. Null: no act is due."
        " A DICABUT or KEDALUWARSA repeats the last one.",
        **NULLABLE | {"format": "date"},
    ),
    "kode_wilayah": _text("Area of the offer."),
}
REQUIRED_FIELDS: Schema = HEAD_FIELDS | {
    "notice": HEAD_FIELDS["notice"] | {"const": Notice.RUJUKAN.value},
    "sla_due_on": _text(
        "Last day for your next act: the answer, after DISETUJUI the delivery.", format="date"
    ),
    "program": _text("Code of the program that the family is referred to."),
    "purpose": _text("Why the family is referred: PASCAGRADUASI or KAMBUH."),
    "legal_basis": _text("Regulation or agreement that the program is based on."),
    "consent_id": _text("Consent of the family to this offer, by its id in referral.", format="uuid"),
    "office": _object(
        {
            "kode_wilayah": _text("Area of the office."),
            "name": _text("Name of the office."),
            "phone": _text("Phone number of the office with country code; null if unknown.", **NULLABLE),
            "email": _text("E-mail address of the office; null if unknown.", **NULLABLE),
        },
        description="Dinsos office that the partner may call.",
    ),
}
NIK: Schema = {"pattern": "^[0-9]{16}$"}
OPTIONAL_FIELDS: dict[PayloadField, Any] = {
    PayloadField.NIK: _text("NIK of the person who signed the consent, 16 digits.", **NIK),
    PayloadField.NAME: _text("Name of the person who signed the consent."),
    PayloadField.PHONE: _text("Phone number of the family with country code; null if unknown.", **NULLABLE),
    PayloadField.USAHA: _object(
        {
            "sector": _text("Sector of the business."),
            "started_on": _text("Date on which the business began.", format="date"),
            "omzet_rp": {
                "type": "integer",
                "minimum": 0,
                "description": "Turnover in whole rupiah per month.",
            },
            "has_nib": {"type": "boolean", "description": "Whether the business has a number (NIB)."},
            "has_letter": {
                "type": "boolean",
                "description": "Whether there is a business certificate of the village (SKU).",
            },
        },
        type=["object", "null"],
        description="Business of the family; null if there is none.",
    ),
    PayloadField.SK_NO: _text("Number of the SK of the graduation."),
    PayloadField.CERTIFICATE_NO: _text("Number of the certificate; null if there is none.", **NULLABLE),
    PayloadField.PERSONS: _array(
        _object(
            {
                "roles": _array(
                    {"type": "string", "enum": [role.value for role in PersonRole]},
                    "Why the person is named: SIGNER of the consent, OWNER of the business, or both.",
                ),
                "relation": _text("Relation to the head of the family, as on the family card."),
                "nik": _text("NIK of the person, 16 digits.", **NIK),
                "name": _text("Name of the person."),
            },
            optional=("nik", "name"),
        ),
        "Persons who consented: the one who signed, and the owner of the business.",
        minItems=1,
    ),
}
SUPPLY_FIELDS: Schema = {
    "fields": _array(
        {"type": "string", "enum": [field.value for field in PayloadField]},
        "Fields of the RUJUKAN that the supplied data is about.",
    ),
    "text": _text("What the partner asked for, in words."),
    "files": _array(
        _object(
            {
                "sha256": _text("SHA-256 of the content."),
                "media_type": _text("Media type of the content."),
                "content": _text("Content of the file in base64.", format="byte"),
            }
        ),
        "Files that the partner asked for.",
    ),
}
DAY_FIELDS = {
    Notice.KELENGKAPAN: "supplied_on",
    Notice.DICABUT: "withdrawn_on",
    Notice.KEDALUWARSA: "expired_on",
    Notice.PENGINGAT: "sla_due_on",
    Notice.PENGINGAT_PENYALURAN: "delivery_due_on",
}
DAY_TEXTS = {
    Notice.KELENGKAPAN: "Date on which the data was supplied.",
    Notice.DICABUT: "Date on which the referral was withdrawn.",
    Notice.KEDALUWARSA: "Date on which the term ended without an answer.",
    Notice.PENGINGAT: "Date on which the answer is due.",
    Notice.PENGINGAT_PENYALURAN: "Date on which the delivery of the approved aid is due.",
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
