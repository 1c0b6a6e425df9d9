"""OpenAPI description of the webhook calls to a partner: headers, content and replies."""

from typing import Any

from services.referral.notice.models import Notice
from services.referral.program.rules import DAY_FIELDS, OPTIONAL_FIELDS, REQUIRED_FIELDS, SUPPLY_FIELDS

DAY, ID = {"type": "string", "format": "date"}, {"type": "string", "format": "uuid"}
HEADERS = {
    "Pilar-Id": ("The id of the notice, the same on every attempt.", ID),
    "Pilar-Timestamp": (
        "Seconds since 1970; refuse a value that is minutes away from now.",
        {"type": "string"},
    ),
    "Pilar-Signature": (
        "`v1=` and the hexadecimal HMAC-SHA256 of `timestamp.body` under the webhook's secret.",
        {"type": "string", "pattern": "^v1=[0-9a-f]{64}$"},
    ),
    "Idempotency-Key": ("The same on every attempt of this notice.", {"type": "string"}),
}
REPLIES = {
    "200": "Accepted by the partner's system: the rujukan is DITERIMA_SISTEM.",
    "2XX": "Accepted.",
    "422": 'Refused: `{"reason_code": ...}` with a code of AnswerBody. Without one, and on any other status, the call is retried.',
}


def publish(document: dict[str, Any]) -> None:
    """Add the webhook to the OpenAPI document, and its content to the inbox."""
    schemas = document["components"]["schemas"]
    schemas |= {f"Notice{notice.value.title()}": _content(notice) for notice in Notice}
    refs = {notice.value: f"#/components/schemas/Notice{notice.value.title()}" for notice in Notice}
    schemas["NoticeBody"] = {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "notice", "mapping": refs},
        "description": "The content of a notice. `payload_schema` of the program lists the fields of a RUJUKAN.",
    }
    body = {"$ref": "#/components/schemas/NoticeBody"}
    schemas["InboxItem"]["properties"]["body"] = body
    document["webhooks"] = {"notice": {"post": _operation(body)}}


def _content(notice: Notice) -> dict[str, Any]:
    required = (
        {**REQUIRED_FIELDS}
        if notice is Notice.RUJUKAN
        else {"rujukan_program_id": ID, DAY_FIELDS[notice]: DAY}
    )
    if notice is Notice.KELENGKAPAN:
        required |= SUPPLY_FIELDS
    required["notice"] = {"type": "string", "const": notice.value}
    optional = (
        {str(field): schema for field, schema in OPTIONAL_FIELDS.items()} if notice is Notice.RUJUKAN else {}
    )
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(required),
        "properties": required | optional,
    }


def _operation(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "tell_partner",
        "summary": "Tell Partner",
        "description": "Sent to the `webhook_url` of a partner on HOST_TO_HOST or API_SPLP, until its reply accepts"
        " it. The same notices are in `GET /v1/inbox`.",
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": text, "schema": schema}
            for name, (text, schema) in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {status: {"description": text} for status, text in REPLIES.items()},
    }
