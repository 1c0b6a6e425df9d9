"""Texts that people write into requests, and the answers in which they are read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.access import Role

LONG = 300
"""A field that takes so many characters, or any number, takes a text."""
MARK = "Kanaritulisan"
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text is read, by a role that works on the record.

    An id in the path stands for each row of the table in `TABLES`.
    """

    path: str
    field: str
    role: Role = Role.DINSOS_KABKOTA


def of_requests(*operations: str) -> dict[str, Place]:
    """Return the places of reasons of two-person requests."""
    place = Place("/v1/approval-request?limit=200", "reason", Role.KEMENSOS)
    return {f"{operation}.reason": place for operation in operations}


TABLES = {
    "kpm_id": "kpm",
    "kunjungan_id": "kunjungan",
    "graduasi_id": "graduasi",
    "task_id": "monitoring_task",
    "sanggah_id": "sanggah",
    "rujukan_program_id": "rujukan_program",
}
HISTORY = Place("/v1/graduasi/{graduasi_id}/history?limit=200", "reason")
USULAN = "/v1/usulan?limit=200"
EMERGENCY = "/v1/akses-darurat?open_only=false&limit=200"
EXIT_PROPOSAL = "/v1/exit-proposal?limit=200"
HAND_OVER = "/v1/hand-over?open_only=false&limit=200"
ESCALATION = "/v1/escalation?open_only=false"
OFFER = "/v1/rujukan-program/{rujukan_program_id}"
CLEARED = {
    "clear_evidence_flag.reason": Place(
        "/v1/evidence-flag?open_only=false&limit=200", "clearance", Role.KETUA_TIM_KABKOTA
    )
}
REFUSED = {
    "refuse_approval_request.reason": Place(
        "/v1/approval-request?limit=200", "decision_reason", Role.KEMENSOS
    )
}
SEALED: dict[str, dict[str, Place]] = {
    "registry": CLEARED | REFUSED,
    "caseload": CLEARED
    | REFUSED
    | {
        "keep_membership.reason": Place("/v1/kpm/{kpm_id}/kepesertaan", "reason"),
        "propose_exit_of_kpm.note": Place(EXIT_PROPOSAL, "note"),
        "withdraw_exit_proposal.reason": Place(EXIT_PROPOSAL, "withdrawal_reason"),
        "open_emergency_access.reason": Place(EMERGENCY, "reason"),
        "review_emergency_access.review": Place(EMERGENCY, "review"),
        "lodge_application.reason": Place(USULAN, "reason"),
        "decide_application.reason": Place(USULAN, "decision_reason"),
        "assign_kpm.override_reason": Place("/v1/dampingan?limit=200", "override_reason"),
        "request_families.reason": Place(HAND_OVER, "reason", Role.KETUA_TIM_KABKOTA),
        "request_families.override_reason": Place(HAND_OVER, "override_reason", Role.KETUA_TIM_KABKOTA),
        "call_hand_over_off.reason": Place(HAND_OVER, "withdrawal_reason", Role.KETUA_TIM_KABKOTA),
        "record_visit.findings": Place("/v1/kunjungan/{kunjungan_id}", "findings", Role.PENDAMPING),
        "record_visit.next_action": Place("/v1/kunjungan/{kunjungan_id}", "next_action", Role.PENDAMPING),
        "finish_task.note": Place("/v1/tugas?open_only=false&limit=200", "note"),
    },
    "graduation": CLEARED
    | REFUSED
    | of_requests("annul_graduasi", "correct_back_pay", "correct_sk", "reverse_monitoring")
    | {
        "propose_graduasi.reason": HISTORY,
        "verify_graduasi.note": HISTORY,
        "approve_graduasi.note": HISTORY,
        "return_graduasi.reason": HISTORY,
        "refuse_graduasi.reason": HISTORY,
        "postpone_graduasi.reason": HISTORY,
        "resume_graduasi.reason": HISTORY,
        "cancel_graduasi.reason": HISTORY,
        "lodge_sanggah.note": Place("/v1/sanggah?limit=200", "note"),
        "decide_sanggah.reason": Place("/v1/sanggah/{sanggah_id}", "reason"),
        "decide_sanggah.back_pay[].reason": Place("/v1/sanggah/{sanggah_id}", "reason"),
        "annul_graduasi.back_pay[].reason": Place("/v1/graduasi/{graduasi_id}", "reason"),
        "correct_back_pay.back_pay[].reason": Place("/v1/graduasi/{graduasi_id}", "reason"),
        "record_monitoring.note": Place("/v1/monitoring?open_only=false&limit=200", "note"),
    },
    "referral": CLEARED
    | {
        "withdraw_consent.reason": Place(f"{OFFER}/consent", "withdrawn_reason"),
        "answer_rujukan.reason_text": Place(f"{OFFER}/answer", "reason_text"),
        "correct_answer.reason_text": Place(f"{OFFER}/answer", "reason_text"),
        "correct_answer.reason": Place(f"{OFFER}/correction", "reason"),
        "correct_delivery.reason": Place(f"{OFFER}/correction", "reason"),
        "correct_outcome.reason": Place(f"{OFFER}/correction", "reason"),
        "supply_data.text": Place(f"{OFFER}/supply", "text"),
        "acknowledge_escalation.note": Place(ESCALATION, "note"),
        "withdraw_acknowledgement.reason": Place(ESCALATION, "reason"),
    },
}
"""Texts about families and persons, by service and field of a request. They are stored sealed."""

BASIS = {"set_deadline_rule.basis": Place("/v1/deadline-rule", "basis")}
CLEAR: dict[str, dict[str, Place]] = {
    "registry": BASIS,
    "caseload": BASIS | {"set_limit.basis": Place("/v1/dampingan-limit", "basis")},
    "graduation": BASIS
    | {
        "draft_policy.reason": Place("/v1/policy-version/{policy_id}", "reason"),
        "draft_policy.instrument.source": Place("/v1/policy-version/{policy_id}", "source"),
        "draft_policy.instrument.indicators[].text_en": Place("/v1/policy-version/{policy_id}", "text_en"),
        "draft_policy.instrument.indicators[].text_id": Place("/v1/policy-version/{policy_id}", "text_id"),
        "approve_policy.note": Place("/v1/policy-version/{policy_id}", "note"),
        "withdraw_policy.reason": Place("/v1/policy-version/{policy_id}", "reason"),
        "set_credit_rule.text_en": Place("/v1/credit-rule", "text_en"),
        "set_credit_rule.text_id": Place("/v1/credit-rule", "text_id"),
        "set_credit_rule.basis": Place("/v1/credit-rule", "basis"),
    },
    "referral": BASIS
    | {
        "correct_partner.reason": Place("/v1/partner/{partner_id}/correction", "reason"),
        "publish_program.legal_basis": Place("/v1/program", "legal_basis"),
        "set_consent_text.text": Place("/v1/consent-text", "text"),
        "set_consent_text.basis": Place("/v1/consent-text", "basis"),
        "set_outcome_rule.basis": Place("/v1/outcome-rule", "basis"),
        "set_sla_term.basis": Place("/v1/sla-term", "basis"),
        "void_version.reason": Place("/v1/version-void", "reason"),
    },
}
"""Texts of settings, which name nobody. They are stored in clear."""

NO_TEXT: dict[str, frozenset[str]] = {
    "registry": frozenset(),
    # Data of the family, and the number of a business, of which answers only say that it is there.
    "caseload": frozenset(
        {
            *("move_kpm.address", "correct_kpm_contact.address"),
            *("record_kpm_usaha.nib", "revise_kpm_usaha.nib"),
        }
    ),
    "graduation": frozenset(),
    "referral": frozenset({"register_partner.webhook_url", "change_webhook.webhook_url"}),
}
"""Long fields that are no texts."""


def find_texts(document: Schema) -> set[str]:
    """Return the fields of requests that take a text, as `operation.field`."""
    return {
        f"{operation['operationId']}{place}"
        for path in document["paths"].values()
        for operation in path.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for place in _texts_of(content.get("schema", {}), document)
    }


def _texts_of(
    schema: Schema, document: Schema, place: str = "", passed: tuple[str, ...] = ()
) -> Iterator[str]:
    if (reference := schema.get("$ref")) is not None:
        if reference not in passed:
            named = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from _texts_of(named, document, place, (*passed, reference))
        return
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _texts_of(option, document, place, passed)
    if "items" in schema:
        yield from _texts_of(schema["items"], document, f"{place}[]", passed)
    for name, field in schema.get("properties", {}).items():
        yield from _texts_of(field, document, f"{place}.{name}", passed)
    if place and _is_text(schema):
        yield place


def _is_text(schema: Schema) -> bool:
    is_coded = schema.keys() & {"enum", "const", "format"} or schema.get("pattern", r"\S") != r"\S"
    return schema.get("type") == "string" and not is_coded and schema.get("maxLength", LONG) >= LONG


def mark_texts(document: Schema, service: str, path: str, body: Any) -> Any:
    """Return a request with a distinctive text in each field that is sealed."""
    for template, methods in document["paths"].items():
        operation = methods.get("post")
        if operation and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path.partition("?")[0]):
            for key in SEALED[service]:
                name, _, field = key.partition(".")
                if name == operation["operationId"]:
                    body = _set_text(body or {}, field, text_of(key))
    return body


def text_of(key: str) -> str:
    """Return the distinctive text of a field."""
    return f"{MARK} {key}."


def _set_text(body: Any, field: str, text: str) -> Any:
    name, _, rest = field.partition("[].")
    if rest:
        return body | {name: [_set_text(one, rest, text) for one in body[name]]} if name in body else body
    return body | {name: text}
