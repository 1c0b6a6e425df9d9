"""Fields of answers whose name means personal data carry a class."""

import json
import re
from collections.abc import Iterator
from typing import Any

from shared.http.field_schema import names_of_schemas
from tests.factories.repository import ROOT

SERVICES = ("registry", "caseload", "graduation", "referral")
PERSONAL = re.compile(
    r"(^|_)(nik|no_kk|address|phone|birth_on|omzet_rp|amount_rp|score_percent|komponen|desil|facts|note|cause|flagged)$"
    r"|(^|_)(back_pay|back_pay_tahap|back_pay_decisions|last_payable_tahap)$|^(pengurus_name|reason_text|explanation)$"
)
# They lie within a field that has a class, are sums, explain a target, or belong to an office or to a partner's notice.
WITHOUT_CLASS = {
    # The approval of a policy names nobody.
    "graduation: PolicyApprovalView.note",
    # A payer sees no class above UMUM, and pays by these. The overview of a family leaves them out as a whole.
    *(
        f"caseload: PayableTahapView.{name}"
        for name in ("last_payable_tahap", "back_pay", "back_pay_decisions")
    ),
    # Whether the author was AKTIF. Who reads visits and sessions sees all classes.
    *(f"caseload: {name}.flagged" for name in ("KunjunganItem", "KunjunganDetail", "P2k2Item", "P2k2Detail")),
    *("caseload: FactsView.komponen", "caseload: GapItem.cause", "caseload: GapView.cause"),
    *(
        "graduation: CohortItem.amount_rp",
        "registry: KindScore.explanation",
        "registry: TargetSum.explanation",
    ),
    *("referral: NoticeRujukan.nik", "referral: NoticeRujukan.phone", "referral: OfficeView.phone"),
}


def answered_schemas(document: dict[str, Any]) -> set[str]:
    """Return the names of the schemas of successful answers."""
    answers = [
        answer
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    return names_of_schemas(answers, document["components"]["schemas"])


def fields_without_class() -> Iterator[str]:
    for service in SERVICES:
        document = json.loads((ROOT / f"services/{service}/migrations/openapi.json").read_text("utf-8"))
        for name in answered_schemas(document):
            for field, schema in document["components"]["schemas"][name].get("properties", {}).items():
                if PERSONAL.search(field) and "x-field-class" not in schema:
                    yield f"{service}: {name}.{field}"


def test_personal_fields_of_answers_have_a_class() -> None:
    assert {*fields_without_class()} == WITHOUT_CLASS
