"""Versions of the credit rule have no effect until an approved policy uses them."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.credit import hand_over_family, read_credit_granted
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running

RULE: dict[str, Any] = {
    "credited": "PROPOSER",
    "year_of": "SK_ON",
    "area_of": "CASE_OPENED",
    "reversed_by_annulment": False,
    "text_en": "A penetapan counts once, to the penugasan of who proposed it.",
    "text_id": "Satu penetapan dihitung satu kali, bagi penugasan pengusul.",
    "basis": "Juknis kinerja 2027",
}


async def test_rule_has_no_effect_until_an_approved_policy_uses_it(graduation: Running) -> None:
    people = Ministry(graduation)
    await set_day(graduation, date(2026, 5, 1))
    made = expect_ok(await graduation.post("/v1/credit-rule", RULE, as_=people.official_token(1)))
    assert (made["version"], made["valid_from"]) == (2, "2026-05-01")
    before = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    assert (await read_credit_granted(graduation))["rule_version"] == 1
    await people.enact("2026-05-18", credit_rule_version=2)
    driver = await (await CaseDriver.start(graduation)).advance_to("PERNYATAAN_DITANDATANGANI")
    successor = await hand_over_family(driver, date(2026, 5, 18))
    for step in (driver.propose, driver.verify, lambda: driver.deliberate("2026-05-18"), driver.approve):
        expect_ok(await step())
    expect_ok(await driver.determine("2026-05-18"))
    rows = await graduation.sql(
        "SELECT graduasi_id, rule_version, penugasan_id FROM credit ORDER BY rule_version"
    )
    assert [(str(row[0]), row[1]) for row in rows] == [(before.graduasi_id, 1), (driver.graduasi_id, 2)]
    assert rows[1]["penugasan_id"] == successor.penugasan_id
    listed = expect_ok(await graduation.get("/v1/credit-rule", as_=driver.by["approval"]), 200)["items"]
    assert [one["version"] for one in listed] == [1, 2]


@pytest.mark.parametrize("change", [{"credited": "SIAPA_SAJA"}, {"text_id": ""}, {"weight": 2}])
async def test_incomplete_rule_is_refused(graduation: Running, change: dict[str, Any]) -> None:
    answer = await graduation.post(
        "/v1/credit-rule", RULE | change, as_=Ministry(graduation).official_token(1)
    )
    assert answer.status_code == 422


async def test_only_kemensos_adds_versions_one_at_a_time(graduation: Running) -> None:
    people = Ministry(graduation)
    office = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    assert (await graduation.post("/v1/credit-rule", RULE, as_=office)).status_code == 403
    both = await asyncio.gather(
        *(graduation.post("/v1/credit-rule", RULE, as_=people.official_token(n)) for n in (1, 2))
    )
    results = [one.json().get("version") or one.json()["title"] for one in both]
    assert set(map(str, results)) in ({"2", "3"}, {"2", "VersionJustSet"})


async def test_service_role_cannot_edit_a_rule(graduation: Running) -> None:
    people = Ministry(graduation)
    people.policy_id = "019a0000-0000-7000-8000-000000000101"
    edit = "UPDATE credit_rule SET credited = 'PROPOSER' WHERE $1::uuid IS NOT NULL"
    await people.expect_sql_refusal(edit, asyncpg.InsufficientPrivilegeError, "credit_rule")
