"""OpenAPI description of the webhook calls to a partner: headers, content and replies."""

from copy import deepcopy
from typing import Any

from services.referral.notice.models import Notice
from services.referral.partner.commands.secret import FORMER_DAYS, SECRET_BYTES
from services.referral.partner.commands.webhook import (
    CONNECT_SECONDS,
    LARGEST_REPLY,
    LONGEST_WAIT,
    TOTAL_SECONDS,
)
from services.referral.program.rules import (
    DAY,
    DAY_FIELDS,
    DAY_TEXTS,
    HEAD_FIELDS,
    OPTIONAL_FIELDS,
    REQUIRED_FIELDS,
    SUPPLY_FIELDS,
)

SIGNATURES = (
    "`v1=` and the hexadecimal HMAC-SHA256 of `timestamp.body` under the webhook's secret. With two valid secrets"
    " one signature of each, separated by a comma, the newest first: accept the request if one is right."
)
HEADERS = {
    "Pilar-Id": (
        "The id of the notice, the same on every attempt: `notice_id` in the inbox and in the attempts.",
        {"type": "string", "format": "uuid"},
    ),
    "Pilar-Timestamp": (
        "Seconds since 1970 (UTC) of this attempt; refuse a value that is minutes away from now.",
        {"type": "string", "pattern": "^[0-9]+$"},
    ),
    "Pilar-Signature": (
        SIGNATURES,
        {"type": "string", "pattern": "^v1=[0-9a-f]{64}(,v1=[0-9a-f]{64})?$"},
    ),
    "Idempotency-Key": ("The same on every attempt of this notice.", {"type": "string"}),
}
REPLIES = {
    "200": "Taken. Of a RUJUKAN also: the offer is DITERIMA_SISTEM, unless it has an answer.",
    "2XX": "Taken.",
    "422": 'Of a RUJUKAN: taken and refused with `{"reason_code": ...}`, a code of AnswerBody; only taken, if the offer has'
    " an answer. Without a code, and of other notices: tried again.",
    "default": "Tried again.",
}
SECRET_CHARACTERS = (SECRET_BYTES * 8 + 5) // 6
# A body has at most 1 MiB of files, in base64.
LARGEST_BODY = "2 MiB"
# Both sides can compute it; no partner has these secrets.
TEST_VECTOR = {
    "secret": "contoh-rahasia-webhook-bukan-untuk-dipakai_",
    "former_secret": "contoh-rahasia-webhook-yang-lama-dan-usang_",
    "timestamp": "1780300800",
    "body": '{"kode_wilayah":"33.24.09.2011","notice":"DICABUT","notified_at":"2026-06-01T07:59:58Z",'
    '"rujukan_program_id":"0198a000-0000-7000-8000-000000000001","sla_due_on":"2026-06-15","withdrawn_on":"2026-06-01"}',
    "signature": "v1=6e37d26a734a4b15b4507eb8a5ad0b359e6bfc7fabd3b3517cbabb2de76945c6",
    "signature_while_both_are_valid": "v1=6e37d26a734a4b15b4507eb8a5ad0b359e6bfc7fabd3b3517cbabb2de76945c6"
    ",v1=c74eacfe3845cfbeeafb3113fff7fec9f55ccd438b36813003b355ae3cc78af0",
}
DESCRIPTION = f"""Sent to the `webhook_url` of a partner, until its reply accepts it. The same notices are in `GET /v1/inbox`.

**Secret.** {SECRET_BYTES} random bytes as base64url without padding: {SECRET_CHARACTERS} characters of `A-Z a-z 0-9 - _`.
The key of the HMAC is this text in UTF-8, not what it decodes to. `POST /v1/webhook/secret` makes the next one; the former
one signs too for {FORMER_DAYS} days, or until `POST /v1/webhook/secret-end`.

**Signature.** The signed text is `Pilar-Timestamp`, a full stop, and the body byte for byte as received. Check it before
you parse the body. `x-test-vector` has a secret, a timestamp, a body (no line break at its end) and the signature that your
code must compute.

**Limits.** A body has at most {LARGEST_BODY} (JSON in UTF-8, not compressed). At most {LARGEST_REPLY // 1024} KiB of a reply
are read. Connecting, with TLS, may take {CONNECT_SECONDS:g} seconds, and the whole call {TOTAL_SECONDS:g} seconds. Redirects
are not followed.

**Repeats.** Every attempt that is not accepted is repeated without an end: after 2, 4, 8 ... seconds, at most
{LONGEST_WAIT} seconds, each time multiplied by a random factor from 0.5 to 1.5. One partner gets one call at a time. After
some failures in a row (no reply, 429 or 5xx) the breaker opens, and no call is made for some time; then one call tries.
`GET /v1/webhook` shows its state, its limits and `retry_at`. The same notice may arrive twice: `Pilar-Id` is the same.

**States of a notice.** Waiting: no attempt was accepted and there is no receipt; it is repeated, and listed in the inbox.
An answer on the offer ends the repeats of its RUJUKAN; the inbox lists it until its receipt, and a replay sends it again.
Taken: an attempt was accepted, or the partner gave a receipt; it is sent again only by a replay, or as a withdrawal that a
call may have overtaken. Not due: a reminder whose act was done, or data whose consent ended; it is neither sent nor listed.
`GET /v1/webhook/attempt` lists the attempts with their results."""


def publish(document: dict[str, Any]) -> None:
    """Add the webhook to the OpenAPI document, and its content to the inbox."""
    schemas = document["components"]["schemas"]
    # Copied, because the texts and labels of the document are added in place.
    schemas |= {f"Notice{notice.value.title()}": deepcopy(_content(notice)) for notice in Notice}
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
    if notice is Notice.RUJUKAN:
        required = {**REQUIRED_FIELDS}
    else:
        required = HEAD_FIELDS | {DAY_FIELDS[notice]: DAY | {"description": DAY_TEXTS[notice]}}
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
        "description": DESCRIPTION,
        "x-test-vector": TEST_VECTOR,
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": text, "schema": schema}
            for name, (text, schema) in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {status: {"description": text} for status, text in REPLIES.items()},
    }
