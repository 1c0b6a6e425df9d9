"""What a partner is told: its program's minimum data, and never more (UU 27/2022 art. 27, 28; domain.md 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.referral.consent.models import Consent
from services.referral.notice.models import Notice
from services.referral.partner.models import OfficeTerms
from services.referral.program.models import PayloadField, Program
from services.referral.rujukan.models import Rujukan, RujukanProgram

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
DAY_OF = {
    Notice.DICABUT: "withdrawn_on",
    Notice.KEDALUWARSA: "expired_on",
    Notice.PENGINGAT: "sla_due_on",
    Notice.PENGINGAT_PENYALURAN: "delivery_due_on",
}
PERSONAL = (PayloadField.NIK, PayloadField.NAME, PayloadField.PHONE)


@dataclass(frozen=True, slots=True)
class Sharing:
    """All that a notice is made of. Its repr is not printed anywhere."""

    rujukan: Rujukan
    row: RujukanProgram
    program: Program
    consent: Consent
    office: OfficeTerms
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
    about: dict[str, Any] = {
        "rujukan_program_id": sharing.row.rujukan_program_id,
        "usaha": sharing.row.usaha,
        "consent_id": sharing.consent.consent_id,
        **{name: getattr(sharing.program, name) for name in ("code", "legal_basis", "minimum_data")},
        **{name: getattr(sharing.rujukan, name) for name in ("purpose", "sk_no", "certificate_no")},
    }
    office = {name: getattr(sharing.office, name) for name in OfficeTerms.model_fields}
    return minimum(about, office, sharing.person)


def minimum(about: Mapping[str, Any], office: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notice from its parts, the same by webhook and in the inbox."""
    known: dict[str, Any] = {
        **{name: person.get(name) for name in PERSONAL},
        PayloadField.USAHA: about["usaha"],
        PayloadField.SK_NO: about["sk_no"],
        PayloadField.CERTIFICATE_NO: about["certificate_no"],
    }
    return {
        "notice": Notice.RUJUKAN.value,
        "rujukan_program_id": str(about["rujukan_program_id"]),
        "program": about["code"],
        "purpose": str(about["purpose"]),
        "legal_basis": about["legal_basis"],
        "consent_id": str(about["consent_id"]),
        "office": dict(office),
        **{name: known[name] for name in about["minimum_data"]},
    }


def notice_payload(notice: Notice, rujukan_program_id: UUID, on: date) -> dict[str, Any]:
    """Return a notice that tells nothing of the family, and not why: taken back, run out, or still waited for."""
    return {
        "notice": notice.value,
        "rujukan_program_id": str(rujukan_program_id),
        DAY_OF[notice]: on.isoformat(),
    }
