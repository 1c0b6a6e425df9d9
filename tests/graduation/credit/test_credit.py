"""A penetapan is credited once, by the policy's credit rule (docs/case-lifecycle.md#credit)."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, at, emitted_events, ok
from tests.factories.graduation.credit import credited, handed_over
from tests.factories.graduation.objection import annul
from tests.factories.services import Running

AREA_THEN = "33.24.10.2001"


async def test_author_is_credited_after_a_hand_over(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("PERNYATAAN_DITANDATANGANI")
    await handed_over(driver, date(2026, 5, 18))
    for step in (driver.propose, driver.verify, lambda: driver.deliberate("2026-05-18"), driver.approve):
        ok(await step())
    ok(await driver.determine("2026-05-18"))
    fact = await credited(graduation)
    assert fact["penugasan_id"] == str(driver.field.penugasan_id)
    assert (fact["rule_version"], fact["year"]) == (1, 2026)


async def test_proposer_is_credited_by_a_rule_for_proposers(graduation: Running) -> None:
    await graduation.sql("UPDATE credit_rule SET credited = 'PROPOSER'")
    driver = await (await CaseDriver.start(graduation)).to("PERNYATAAN_DITANDATANGANI")
    successor = await handed_over(driver, date(2026, 5, 18))
    for step in (driver.propose, driver.verify, lambda: driver.deliberate("2026-05-18"), driver.approve):
        ok(await step())
    ok(await driver.determine("2026-05-18"))
    assert (await credited(graduation))["penugasan_id"] == str(successor.penugasan_id)


@pytest.mark.parametrize(("area_of", "area"), [("FAMILY_AT_SK", AREA_THEN), ("CASE_OPENED", "33.24.09.2013")])
async def test_credit_counts_in_the_area_of_the_rule(graduation: Running, area_of: str, area: str) -> None:
    await graduation.sql("UPDATE credit_rule SET area_of = $1", area_of)
    driver = await (await CaseDriver.start(graduation)).to("DISETUJUI_DINSOS")
    await graduation.sql("UPDATE replica_kpm.kpm SET kode_wilayah = $1", AREA_THEN)
    ok(await driver.determine("2026-05-18"))
    assert (await credited(graduation))["kode_wilayah"] == area


async def test_credit_counts_in_the_year_of_the_sk(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("DISETUJUI_DINSOS", "2026-12-30")
    await at(graduation, date(2027, 1, 4))
    ok(await driver.determine("2026-12-30"))
    assert (await credited(graduation))["year"] == 2026


async def test_rule_without_reversal_keeps_the_credit(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("MASA_SANGGAH")
    await graduation.sql("UPDATE credit_rule SET reversed_by_annulment = false")
    ok(await annul(driver))
    assert await emitted_events(graduation, "credit_reversed") == []


async def test_policy_that_does_not_count_grants_no_credit(graduation: Running) -> None:
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 4, 30))
    await at(graduation, date(2026, 5, 18))
    await driver.open("ALAMIAH")
    for step in (driver.propose, driver.verify, driver.approve, lambda: driver.determine("2026-05-18")):
        ok(await step())
    assert await emitted_events(graduation, "credit_granted") == []
    ok(await annul(driver))
    assert await emitted_events(graduation, "credit_reversed") == []
