"""Desil of a family: once per snapshot, and older ones stay."""

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import dinsos_token
from tests.factories.services import expect_refusal


async def test_desil_is_recorded_once_per_snapshot(family: Family) -> None:
    office, body = dinsos_token(family.caseload), {"scope": "NAS", "value": 6, "snapshot": "2026-Q2"}
    listed = await family.post_ok("desil", body, as_=office)
    assert [(one["snapshot"], one["value"]) for one in listed["items"]] == [
        ("2025-Q3", 3),
        ("2025-Q4", 4),
        ("2026-Q1", 5),
        ("2026-Q2", 6),
    ]
    expect_refusal(await family.post("desil", body | {"value": 2}, as_=office), "DesilKnown")
    (event,) = await family.read_emitted_data("kpm_updated")
    assert event["desil"][-1] == {"scope": "NAS", "value": 6, "snapshot": "2026-Q2"}
    expect_refusal(await family.post("desil", body | {"value": 11}, as_=office), "Invalid", 422)
