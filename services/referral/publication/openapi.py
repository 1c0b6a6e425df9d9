"""What a partner's own address is sent, published with the contract: headers, content, and what its reply means."""

from typing import Any

from services.referral.notice.models import Notice
from services.referral.program.rules import ALWAYS, DAY_OF, OPTIONAL

DAY, ID = {"type": "string", "format": "date"}, {"type": "string", "format": "uuid"}
HEADERS = {
    "Pilar-Id": ("The notice; told again, it is the same.", ID),
    "Pilar-Timestamp": ("Seconds since 1970; refuse what is minutes away from now.", {"type": "string"}),
    "Pilar-Signature": (
        "`v1=` and the hexadecimal HMAC-SHA256 of `timestamp.body` under the webhook's secret.",
        {"type": "string", "pattern": "^v1=[0-9a-f]{64}$"},
    ),
    "Idempotency-Key": ("The same for each telling of this notice.", {"type": "string"}),
}
REPLIES = {
    "200": "In the partner's system: the rujukan is DITERIMA_SISTEM.",
    "2XX": "Taken.",
    "422": 'Refused: `{"reason_code": ...}` with a code of AnswerBody. Without one, and on any other status, it is told again.',
}


def publish(document: dict[str, Any]) -> None:
    """Add the webhook to the OpenAPI document, and its content to the inbox that tells the same."""
    schemas = document["components"]["schemas"]
    schemas |= {f"Notice{notice.value.title()}": _content(notice) for notice in Notice}
    refs = {notice.value: f"#/components/schemas/Notice{notice.value.title()}" for notice in Notice}
    schemas["NoticeBody"] = {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "notice", "mapping": refs},
        "description": "What a partner is told. Of a RUJUKAN, `payload_schema` of the program says which fields come.",
    }
    body = {"$ref": "#/components/schemas/NoticeBody"}
    schemas["InboxItem"]["properties"]["body"] = body
    document["webhooks"] = {"notice": {"post": _operation(body)}}


def _content(notice: Notice) -> dict[str, Any]:
    required = {**ALWAYS} if notice is Notice.RUJUKAN else {"rujukan_program_id": ID, DAY_OF[notice]: DAY}
    required["notice"] = {"type": "string", "const": notice.value}
    more = {str(field): schema for field, schema in OPTIONAL.items()} if notice is Notice.RUJUKAN else {}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(required),
        "properties": required | more,
    }


def _operation(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "tell_partner",
        "summary": "Tell Partner",
        "description": "Sent to the `webhook_url` of a partner on HOST_TO_HOST or API_SPLP, until its reply says that"
        " it is taken; the same rows wait in `GET /v1/inbox`.",
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": text, "schema": schema}
            for name, (text, schema) in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {status: {"description": text} for status, text in REPLIES.items()},
    }
