"""Desil of a family: one value per snapshot, which can be corrected."""

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import build_csv, dinsos_token, import_file, mother
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
    expect_refusal(await family.post("desil", body, as_=office), "DesilKnown")
    (event,) = await family.read_emitted_data("kpm_updated")
    assert event["desil"][-1] == {"scope": "NAS", "value": 6, "snapshot": "2026-Q2"}
    expect_refusal(await family.post("desil", body | {"value": 11}, as_=office), "Invalid", 422)


async def test_desil_of_a_snapshot_is_corrected_over_http_and_a_stale_file_keeps_it(family: Family) -> None:
    office = dinsos_token(family.caseload)
    body = {"scope": "NAS", "value": 7, "snapshot": "2026-Q1"}
    listed = await family.post_ok("desil", body, as_=office)
    assert [one["value"] for one in listed["items"]] == [3, 4, 7]
    (event,) = await family.read_emitted_data("kpm_updated")
    assert event["desil"][-1] == body
    assert (await import_file(family.caseload, build_csv(mother(desil="NAS:5:2026-Q1"))))["errors"] == []
    assert (await family.caseload.sql("SELECT value FROM desil WHERE snapshot = '2026-Q1'"))[0]["value"] == 7


async def test_removed_desil_counts_nowhere_and_a_stale_file_does_not_bring_it_back(family: Family) -> None:
    office, body = dinsos_token(family.caseload), {"scope": "NAS", "value": None, "snapshot": "2026-Q1"}
    listed = await family.post_ok("desil", body, as_=office)
    assert [one["snapshot"] for one in listed["items"]] == ["2025-Q3", "2025-Q4"]
    assert [one["snapshot"] for one in (await family.read())["desil"]] == ["2025-Q3", "2025-Q4"]
    (event,) = await family.read_emitted_data("kpm_updated")
    assert [one["snapshot"] for one in event["desil"]] == ["2025-Q3", "2025-Q4"]
    expect_refusal(await family.post("desil", body, as_=office), "DesilKnown")
    assert (await import_file(family.caseload, build_csv(mother(desil="NAS:5:2026-Q1"))))["errors"] == []
    assert [one["snapshot"] for one in (await family.read())["desil"]] == ["2025-Q3", "2025-Q4"]
    again = await family.post_ok("desil", body | {"value": 5}, as_=office)
    assert [one["value"] for one in again["items"]] == [3, 4, 5]
