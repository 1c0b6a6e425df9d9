"""A penetapan is credited once, by the policy's credit rule (docs/case-lifecycle.md#credit)."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.credit import hand_over_family, read_credit_granted
from tests.factories.graduation.objection import annul_graduasi
from tests.factories.services import Running

AREA_THEN = "33.24.10.2001"


async def test_author_is_credited_after_a_hand_over(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("PERNYATAAN_DITANDATANGANI")
    await hand_over_family(driver, date(2026, 5, 18))
    for step in (driver.propose, driver.verify, lambda: driver.deliberate("2026-05-18"), driver.approve):
        expect_ok(await step())
    expect_ok(await driver.determine("2026-05-18"))
    fact = await read_credit_granted(graduation)
    assert fact["penugasan_id"] == str(driver.field.penugasan_id)
    assert (fact["rule_version"], fact["year"]) == (1, 2026)


async def test_proposer_is_credited_by_a_rule_for_proposers(graduation: Running) -> None:
    await graduation.sql("UPDATE credit_rule SET credited = 'PROPOSER'")
    driver = await (await CaseDriver.start(graduation)).advance_to("PERNYATAAN_DITANDATANGANI")
    successor = await hand_over_family(driver, date(2026, 5, 18))
    for step in (driver.propose, driver.verify, lambda: driver.deliberate("2026-05-18"), driver.approve):
        expect_ok(await step())
    expect_ok(await driver.determine("2026-05-18"))
    assert (await read_credit_granted(graduation))["penugasan_id"] == str(successor.penugasan_id)


@pytest.mark.parametrize(("area_of", "area"), [("FAMILY_AT_SK", AREA_THEN), ("CASE_OPENED", "33.24.09.2013")])
async def test_credit_counts_in_the_area_of_the_rule(graduation: Running, area_of: str, area: str) -> None:
    await graduation.sql("UPDATE credit_rule SET area_of = $1", area_of)
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    await graduation.sql("UPDATE replica_kpm.kpm SET kode_wilayah = $1", AREA_THEN)
    expect_ok(await driver.determine("2026-05-18"))
    assert (await read_credit_granted(graduation))["kode_wilayah"] == area


async def test_credit_counts_in_the_year_of_the_sk(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2026-12-30")
    await set_day(graduation, date(2027, 1, 4))
    expect_ok(await driver.determine("2026-12-30"))
    assert (await read_credit_granted(graduation))["year"] == 2026


async def test_rule_without_reversal_keeps_the_credit(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await graduation.sql("UPDATE credit_rule SET reversed_by_annulment = false")
    expect_ok(await annul_graduasi(driver))
    assert await read_emitted_events(graduation, "credit_reversed") == []


async def test_policy_that_does_not_count_grants_no_credit(graduation: Running) -> None:
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 4, 30))
    await set_day(graduation, date(2026, 5, 18))
    await driver.open("ALAMIAH")
    for step in (driver.propose, driver.verify, driver.approve, lambda: driver.determine("2026-05-18")):
        expect_ok(await step())
    assert await read_emitted_events(graduation, "credit_granted") == []
    expect_ok(await annul_graduasi(driver))
    assert await read_emitted_events(graduation, "credit_reversed") == []
