"""Annulment of an SK for one family without a sanggah (docs/case-lifecycle.md#annulment)."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, at, emitted_events, ok
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.monitoring import completed, monitored, record
from tests.factories.graduation.objection import DAY_AFTER, annul, lodge, tahap
from tests.factories.services import Running


async def test_annulment_before_the_effect_pays_nothing_back_and_reverses_the_credit(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).to("MASA_SANGGAH")
    ok(await annul(driver))
    assert await driver.state() == "DIPULIHKAN"
    ((_, fact),) = await emitted_events(graduation, "graduasi_annulled")
    assert (fact["reason"], fact["was_effective"], fact["back_pay_tahap"]) == ("DATA_KELIRU", False, [])
    assert len(await emitted_events(graduation, "credit_reversed")) == 1
    await at(graduation, DAY_AFTER)
    await graduation.work()
    assert await driver.state() == "DIPULIHKAN"


async def test_annulment_after_the_effect_decides_each_tahap_and_closes_the_tasks(
    graduation: Running,
) -> None:
    driver, tasks = await monitored(graduation)
    await at(graduation, date(2026, 8, 2))
    ok(await record(driver, tasks[0]))
    bare = await annul(driver)
    assert (bare.status_code, bare.json()["title"]) == (422, "BackPayUndecided")
    ok(await annul(driver, back_pay=tahap("2026-3")))
    ((_, fact),) = await emitted_events(graduation, "graduasi_annulled")
    assert (fact["was_effective"], fact["back_pay_tahap"]) == (True, ["2026-3"])
    rows = await graduation.sql("SELECT closed_on FROM monitoring_task ORDER BY month")
    assert [row[0] for row in rows] == [None] + [date(2026, 8, 2)] * 5


async def test_complete_case_can_be_annulled(graduation: Running) -> None:
    driver = await completed(graduation)
    ok(await annul(driver, back_pay=tahap("2026-3", "2026-4", "2027-1", paid=False)))
    shown = ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert (shown["state"], shown["outcome"]) == ("DIPULIHKAN", None)


async def test_second_annulment_or_one_before_the_sk_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("DISETUJUI_DINSOS")
    assert (await annul(driver)).json()["title"] == "IllegalTransition"
    ok(await driver.determine("2026-05-18"))
    ok(await annul(driver))
    assert (await annul(driver)).json()["title"] == "IllegalTransition"
    assert len(await emitted_events(graduation, "credit_reversed")) == 1


async def test_annulment_with_an_open_sanggah_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("MASA_SANGGAH")
    ok(await lodge(driver, date(2026, 5, 18)))
    assert (await annul(driver)).json()["title"] == "SanggahStillOpen"


@pytest.mark.parametrize(
    ("role", "person"), [("DINSOS_KABKOTA", "dinsos-kendal-1"), ("KEMENSOS", "kemensos-1")]
)
async def test_annulment_by_a_person_of_a_stage_is_refused(
    graduation: Running, role: str, person: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).to("MASA_SANGGAH")
    answer = await annul(driver, graduation.token(role, person, [KENDAL]))
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
