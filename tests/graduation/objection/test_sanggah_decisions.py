"""The decision of a sanggah, in and after its term (docs/case-lifecycle.md#objections)."""

import asyncio
from datetime import date

import asyncpg
import pytest

from tests.factories.graduation.accounts import insert_acts
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.objection import (
    DAY_AFTER,
    LAST_DAY,
    SK_ON,
    create_sanggah,
    decide_sanggah,
    lodge_sanggah,
)
from tests.factories.services import Running


async def test_sanggah_refused_in_the_term_returns_to_the_term(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation, date(2026, 6, 1))
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "MASA_SANGGAH"
    ((_, fact),) = await read_emitted_events(graduation, "sanggah_decided")
    assert (fact["outcome"], fact["effective_tahap"]) == ("DITOLAK", "2026-3")
    await set_day(graduation, DAY_AFTER)
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"


@pytest.mark.parametrize(
    ("decided_on", "tahap", "effective_on"),
    [
        (date(2026, 6, 20), "2026-3", "2026-07-01"),
        (date(2026, 6, 21), "2026-4", "2026-10-01"),
        (date(2026, 9, 21), "2027-1", "2027-01-01"),
    ],
)
async def test_sanggah_refused_after_the_term_takes_effect_by_the_decision_date(
    graduation: Running, decided_on: date, tahap: str, effective_on: str
) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    await set_day(graduation, decided_on)
    await graduation.work()
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "EFEKTIF"
    facts = await read_emitted_events(graduation, "sanggah_decided", "kpm_graduated")
    assert [kind for kind, _ in facts] == ["sanggah_decided", "kpm_graduated"]
    assert {(fact["effective_tahap"], fact["effective_on"]) for _, fact in facts} == {(tahap, effective_on)}


async def test_sanggah_refused_after_the_effect_keeps_the_certificate_and_moves_the_tasks(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await work_until(graduation, date(2026, 7, 9))
    before = await graduation.sql("SELECT certificate_no FROM certificate")
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "EFEKTIF"
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"  # its tahap, the fourth, has not begun
    await set_day(graduation, date(2026, 10, 1))
    await graduation.work()
    assert await driver.read_state() == "PEMANTAUAN"
    tasks = await graduation.sql(
        "SELECT month, opens_on FROM monitoring_task WHERE month <= 6 ORDER BY month"
    )
    assert (len(tasks), tasks[0]["opens_on"]) == (6, date(2026, 10, 1))
    assert await graduation.sql("SELECT certificate_no FROM certificate") == before
    assert len(await read_emitted_events(graduation, "kpm_graduated")) == 1


async def test_accepted_sanggah_annuls_the_sk_for_the_family(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation, date(2026, 6, 1))
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA"))
    assert await driver.read_state() == "DIPULIHKAN"
    facts = await read_emitted_events(
        graduation, "sanggah_decided", "credit_granted", "credit_reversed", "graduasi_annulled"
    )
    assert [kind for kind, _ in facts] == [
        "credit_granted",
        "sanggah_decided",
        "credit_reversed",
        "graduasi_annulled",
    ]
    (granted, _, reversed_, annulled) = (fact for _, fact in facts)
    assert granted["credit_id"] == reversed_["credit_id"]
    assert (granted["year"], granted["penugasan_id"]) == (reversed_["year"], reversed_["penugasan_id"])
    assert (annulled["reason"], annulled["was_effective"]) == ("SANGGAH_DITERIMA", False)
    assert (annulled["back_pay_tahap"], annulled["annulled_on"]) == ([], "2026-06-01")
    await set_day(graduation, date(2026, 7, 9))
    await graduation.work()
    assert await driver.read_state() == "DIPULIHKAN"
    numbers = expect_ok(await graduation.post("/v1/numbers", {}, as_=driver.by["sk"]), 200)["totals"]
    assert numbers == {"determined": 1, "annulled": 1, "effective": 0, "credited": 0}


async def test_sanggah_accepted_after_the_effect_decides_each_tahap(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await work_until(graduation, date(2026, 7, 9))
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    await set_day(graduation, date(2026, 9, 21))  # the lists of tahap 3 and 4 are closed by now
    third = {"tahap": "2026-3", "paid": True, "reason": "Tidak dibayar saat disanggah."}
    fourth = {"tahap": "2026-4", "paid": False, "reason": "Masih dapat masuk daftar susulan."}
    half = await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=[third])
    assert (half.status_code, half.json()["title"]) == (422, "BackPayUndecided")
    assert "2026-4" in half.json()["detail"]
    foreign = {"tahap": "2026-2", "paid": True, "reason": "Sudah dibayar."}
    more = await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=[third, fourth, foreign])
    assert (more.status_code, more.json()["title"]) == (422, "BackPayNotConcerned")
    (entry,), params = more.json()["errors"], more.json()["params"]
    assert (entry["pointer"], params) == ("/body/back_pay/2", {"tahap": ["2026-2"]})
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=[third, fourth]))
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["was_effective"], fact["back_pay_tahap"]) == (True, ["2026-3"])
    rows = await graduation.sql("SELECT tahap, paid FROM back_payment ORDER BY tahap")
    assert [tuple(row) for row in rows] == [("2026-3", True), ("2026-4", False)]
    waiting = await graduation.sql("SELECT 1 FROM monitoring_task WHERE closed_on IS NULL")
    assert waiting == []


async def test_refused_sanggah_pays_nothing_back(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    paid = {"tahap": "2026-3", "paid": True, "reason": "Keliru."}
    answer = await decide_sanggah(driver, sanggah_id, "DITOLAK", back_pay=[paid])
    assert answer.json()["title"] == "BackPayNotConcerned"


@pytest.mark.parametrize("stage", ["verification", "approval", "sk", "field"])
async def test_person_of_a_stage_cannot_decide(graduation: Running, stage: str) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    person = {
        "verification": "ketua-tim-kendal-1",
        "approval": "dinsos-kendal-1",
        "sk": "kemensos-1",
        "field": "second-account",
    }[stage]
    mine = driver.field.pendamping_id if stage == "field" else None
    token = graduation.token("DINSOS_KABKOTA", person, [KENDAL], pendamping_id=mine)
    answer = await decide_sanggah(driver, sanggah_id, "DITERIMA", token)
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    assert await driver.read_state() == "DISANGGAH"
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_stage_act_four_people"):
        await insert_acts(graduation, driver.graduasi_id, ("SANGGAH", str(mine or person), "x"))


async def test_concurrent_decisions_store_one(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    other = graduation.token("KEMENSOS", "kemensos-9")
    answers = await asyncio.gather(
        decide_sanggah(driver, sanggah_id, "DITERIMA"), decide_sanggah(driver, sanggah_id, "DITOLAK", other)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await read_emitted_events(graduation, "sanggah_decided")) == 1
