"""Changes by the calendar are emitted once on their day: ends of komponen, ages."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.caseload.family.rules import Ages, next_change_day
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import build_csv, import_file, mother
from tests.factories.services import Running

RULE = Ages(18, 60, 60, 6)


async def advance_to(service: Running, *day: int) -> None:
    """Set the clock to noon in Jakarta of a day, and run due work."""
    await service.set_clock(datetime(*day, 5, tzinfo=UTC))
    await service.work()


async def test_ended_komponen_is_emitted_once_on_its_day(kendal_caseload: Running) -> None:
    """A child comes of age on 1 June and leaves SMA on 30 June 2027."""
    family = await Family.create(kendal_caseload, mother())
    version = (await family.read())["version"]
    (born,) = await family.read_emitted_data("kpm_registered")
    births = {one["anggota_id"]: one["birth_on"] for one in (await family.read())["members"]}
    young = sorted(births, key=lambda one: births[one])[-len(born["minor_ids"]) :]
    assert set(born["minor_ids"]) == set(young)
    assert min(births[one] for one in young) == "2009-06-01"
    await advance_to(kendal_caseload, 2027, 5, 31)
    assert await family.read_emitted_data("kpm_updated") == []
    await advance_to(kendal_caseload, 2027, 6, 1)
    await advance_to(kendal_caseload, 2027, 6, 29)
    (grown,) = await family.read_emitted_data("kpm_updated")
    assert grown["able_productive"] == 3
    assert len(grown["minor_ids"]) == len(born["minor_ids"]) - 1
    await advance_to(kendal_caseload, 2027, 6, 30)
    last = (await family.read_emitted_data("kpm_updated"))[-1]
    assert (last["komponen"], last["last_komponen_ends_on"]) == ({"ANAK_SD": 1}, "2028-06-30")
    await advance_to(kendal_caseload, 2027, 7, 15)
    assert len(await family.read_emitted_data("kpm_updated")) == 2
    assert (await family.read())["version"] == version, "nobody who edits the family is in its way"
    await advance_to(kendal_caseload, 2029, 1, 1)
    assert [facts["komponen"] for facts in await family.read_emitted_data("kpm_updated")][2:] == [{}], (
        "days between are one word"
    )


async def test_later_set_end_is_emitted(kendal_caseload: Running) -> None:
    family = await Family.create(kendal_caseload, mother())
    members = (await family.read())["members"]
    komponen_view = next(k for m in members for k in m["komponen"] if k["kind"] == "ANAK_SD")
    body = {"valid_to": "2027-02-01", "reason": "LULUS_SEKOLAH"}
    await family.post_ok(f"/v1/komponen/{komponen_view['komponen_id']}/end", body, komponen_view["version"])
    before = len(await family.read_emitted_data("kpm_updated"))
    await advance_to(kendal_caseload, 2027, 2, 1)
    assert (await family.read_emitted_data("kpm_updated"))[before:][0]["komponen"] == {"ANAK_SMA": 1}


async def test_intake_moves_the_day(kendal_caseload: Running) -> None:
    rows = mother()
    family = await Family.create(kendal_caseload, rows)
    rows[3]["komponen"] = "ANAK_SD:2027-03-31"
    await import_file(kendal_caseload, build_csv(rows))
    (row,) = await kendal_caseload.sql("SELECT facts_until FROM kpm")
    assert str(row["facts_until"]) == "2027-03-31"
    await advance_to(kendal_caseload, 2027, 3, 31)
    assert [facts["komponen"] for facts in await family.read_emitted_data("kpm_updated")] == [
        {"ANAK_SD": 1, "ANAK_SMA": 1},
        {"ANAK_SMA": 1},
    ]


@pytest.mark.parametrize(
    ("birth", "komponen", "today", "expected"),
    [
        ("2009-06-01", [], "2027-05-31", "2027-06-01"),
        ("2009-06-01", [], "2027-06-01", "2069-06-01"),
        ("1967-03-02", [], "2027-03-01", "2027-03-02"),
        ("1967-03-02", [], "2027-03-02", None),
        ("2008-02-29", [], "2025-12-31", "2026-03-01"),
        ("2009-06-01", [("ANAK_SMA", "2027-01-31")], "2027-01-30", "2027-01-31"),
        ("2009-06-01", [("ANAK_SMA", "2027-01-31")], "2027-01-31", "2027-06-01"),
        ("2009-06-01", [("DISABILITAS_BERAT", None)], "2027-01-31", "2027-06-01"),
    ],
)
def test_next_change_day(birth: str, komponen: list[Any], today: str, expected: str | None) -> None:
    next_day = next_change_day([{"birth": birth, "komponen": komponen}], RULE, date.fromisoformat(today))
    assert (next_day and next_day.isoformat()) == expected
