"""What a partner is told: its program's minimum data, and never more (UU 27/2022 art. 27, 28; domain.md 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.referral.models import Consent, Notice, Office, PayloadField, Program, Rujukan, RujukanProgram

TEXT, TEXT_OR_NOTHING = {"type": "string"}, {"type": ["string", "null"]}
ALWAYS: dict[str, Any] = {
    "notice": {"const": Notice.RUJUKAN.value},
    "rujukan_program_id": {"type": "string", "format": "uuid"},
    "program": TEXT,
    "purpose": TEXT,
    "legal_basis": TEXT,
    "consent_id": {"type": "string", "format": "uuid"},
    "office": {
        "type": "object",
        "additionalProperties": False,
        "required": ["kode_wilayah", "name", "phone", "email"],
        "properties": {
            "kode_wilayah": TEXT,
            "name": TEXT,
            "phone": TEXT_OR_NOTHING,
            "email": TEXT_OR_NOTHING,
        },
    },
}
OPTIONAL: dict[PayloadField, Any] = {
    PayloadField.NIK: {"type": "string", "pattern": "^[0-9]{16}$"},
    PayloadField.NAME: TEXT,
    PayloadField.PHONE: TEXT_OR_NOTHING,
    PayloadField.USAHA: {
        "type": ["object", "null"],
        "additionalProperties": False,
        "required": ["sector", "started_on", "omzet_rp", "has_nib", "has_letter"],
        "properties": {
            "sector": TEXT,
            "started_on": {"type": "string", "format": "date"},
            "omzet_rp": {"type": "integer", "minimum": 0},
            "has_nib": {"type": "boolean"},
            "has_letter": {"type": "boolean"},
        },
    },
    PayloadField.SK_NO: TEXT,
    PayloadField.CERTIFICATE_NO: TEXT_OR_NOTHING,
}
PERSONAL = (PayloadField.NIK, PayloadField.NAME, PayloadField.PHONE)


@dataclass(frozen=True, slots=True)
class Sharing:
    """All that a notice is made of. Its repr is not printed anywhere."""

    rujukan: Rujukan
    row: RujukanProgram
    program: Program
    consent: Consent
    office: Office
    person: Mapping[str, Any]


def payload_schema(minimum_data: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what this program's partner receives; nothing else passes it."""
    fields = {**ALWAYS, **{name: OPTIONAL[PayloadField(name)] for name in minimum_data}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": fields,
    }


def rujukan_payload(sharing: Sharing) -> dict[str, Any]:
    """Return the notice of a rujukan: what the program's minimum data names, each field asked for one by one."""
    row, program = sharing.row, sharing.program
    known: dict[str, Any] = {
        **{name: sharing.person.get(name) for name in PERSONAL},
        PayloadField.USAHA: row.usaha,
        PayloadField.SK_NO: sharing.rujukan.sk_no,
        PayloadField.CERTIFICATE_NO: sharing.rujukan.certificate_no,
    }
    return {
        "notice": Notice.RUJUKAN.value,
        "rujukan_program_id": str(row.rujukan_program_id),
        "program": program.code,
        "purpose": sharing.rujukan.purpose.value,
        "legal_basis": program.legal_basis,
        "consent_id": str(sharing.consent.consent_id),
        "office": {
            name: getattr(sharing.office, name) for name in ("kode_wilayah", "name", "phone", "email")
        },
        **{name: known[name] for name in program.minimum_data},
    }


def withdrawal_payload(rujukan_program_id: UUID, withdrawn_on: str) -> dict[str, Any]:
    """Return the notice that a rujukan is taken back; it tells nothing of the family, and not why."""
    return {
        "notice": Notice.DICABUT.value,
        "rujukan_program_id": str(rujukan_program_id),
        "withdrawn_on": withdrawn_on,
    }
