"""The desil of a family: each snapshot once, and every one stays."""

from tests.factories.caseload.family import Family, refused
from tests.factories.caseload.intake import dinsos


async def test_is_ranked_once_a_snapshot_and_older_ones_stay(family: Family) -> None:
    office, body = dinsos(family.caseload), {"scope": "NAS", "value": 6, "snapshot": "2026-Q2"}
    listed = await family.done("desil", body, as_=office)
    assert [(one["snapshot"], one["value"]) for one in listed["items"]] == [
        ("2025-Q3", 3),
        ("2025-Q4", 4),
        ("2026-Q1", 5),
        ("2026-Q2", 6),
    ]
    refused(await family.post("desil", body | {"value": 2}, as_=office), "DesilKnown")
    (said,) = await family.emitted_data("kpm_updated")
    assert said["desil"][-1] == {"scope": "NAS", "value": 6, "snapshot": "2026-Q2"}
    refused(await family.post("desil", body | {"value": 11}, as_=office), "Invalid", 422)
