"""Facts that may and may not change between proposal and SK."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from shared.database import uuid7
from tests.factories.delivery import apply_records, relay
from tests.factories.graduation.case import CaseDriver, expect_ok, read_penetapan, set_day
from tests.factories.graduation.changed_facts import (
    DAY,
    ELSEWHERE,
    WHY,
    determine_all,
    facts,
    lose_signer,
    move_away,
    postpone_by_sk,
    taken_to,
)
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import business_ended
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running

Change = Callable[[CaseDriver], Awaitable[None]]
SAME_KABUPATEN = "33.24.08.2001"


async def move_within_kabupaten(driver: CaseDriver) -> None:
    await apply_events(driver.service, facts(driver, kode_wilayah=SAME_KABUPATEN))


async def replace_pengurus(driver: CaseDriver) -> None:
    await apply_events(driver.service, facts(driver, pengurus_id=uuid7()))


async def lose_and_regain_signer(driver: CaseDriver) -> None:
    await lose_signer(driver)
    await apply_events(driver.service, facts(driver))


async def transfer_business(driver: CaseDriver) -> None:
    """End the business, and start one that continues it under another owner."""
    ended = await business_ended(driver, DAY)
    own = {"usaha_id": uuid7(), "ended_on": None, "end_reason": None, "continues": ended.usaha_id}
    await apply_events(driver.service, ended, ended.model_copy(update=own))


@pytest.mark.parametrize(
    "change",
    [
        move_within_kabupaten,
        replace_pengurus,
        lose_and_regain_signer,
        transfer_business,
    ],
)
async def test_case_that_still_holds_is_approved_and_determined(graduation: Running, change: Change) -> None:
    approved, proposed = (
        await taken_to(graduation, "DISETUJUI_DINSOS"),
        await taken_to(graduation, "DIMUSYAWARAHKAN"),
    )
    for driver in (approved, proposed):
        await change(driver)
    expect_ok(await proposed.approve())
    made = await determine_all([approved, proposed])
    assert (made["cases"], made["postponed"]) == (2, [])


async def test_case_is_judged_by_the_policy_version_of_its_opening(graduation: Running) -> None:
    driver, people = await taken_to(graduation, "DISETUJUI_DINSOS"), Ministry(graduation)
    terms = await people.build_harder_instrument()
    await people.enact(str(DAY), instrument=terms, instrument_version=None, sanggah_length=10)
    assert (await determine_all([driver]))["determined"] == [driver.graduasi_id]
    assert (await read_penetapan(driver))["term_ends_on"] == "2026-06-17"


@pytest.mark.parametrize("subscription", ["kpm", "exits"])
async def test_move_that_one_subscription_knows_postpones_the_case(
    graduation: Running, subscription: str
) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await graduation.publish(facts(driver, kode_wilayah=ELSEWHERE))
    await relay(graduation)
    (first,) = [one for one in graduation.parts.subscriptions if one.name == subscription]
    await apply_records(graduation, first, {"pilar.caseload": graduation.worker})
    ((reason,),) = [one["reasons"] for one in (await determine_all([driver], 200))["postponed"]]
    assert (reason["code"], "33.22" in reason["en"]) == ("AREA", True)


async def test_family_that_became_exempt_is_postponed(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await apply_events(graduation, facts(driver, able_productive=0))
    ((reason,),) = [one["reasons"] for one in (await determine_all([driver], 200))["postponed"]]
    assert reason["code"] == "RESULT"
    assert "DIKECUALIKAN" in reason["en"]


async def test_natural_exit_is_postponed_after_a_new_komponen(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 4, 30))
    await driver.open("ALAMIAH")
    for step in (driver.propose, driver.verify, driver.approve):
        expect_ok(await step())
    await apply_events(graduation, facts(driver, last_komponen_ends_on=date(2030, 6, 30)))
    ((reason,),) = [one["reasons"] for one in (await determine_all([driver], 200))["postponed"]]
    assert reason["code"] == "KOMPONEN"
    expect_ok(await driver.post("return", WHY, "approval"))
    assert (await driver.propose()).json()["title"] == "KomponenNotEnded"
    cancelled = await driver.post("cancellation", {**WHY, "ground": "DASAR_GUGUR"}, "approval")
    assert expect_ok(cancelled)["state"] == "DIBATALKAN"


async def test_resumed_case_is_tested_again_by_the_next_sk(graduation: Running) -> None:
    driver = await postpone_by_sk(graduation)
    await apply_events(graduation, facts(driver))
    expect_ok(await driver.post("resumption", WHY, "approval"))
    await lose_signer(driver)
    assert len((await determine_all([driver], 200))["postponed"]) == 1


async def test_case_of_a_family_that_moved_away_is_returned_by_the_new_office(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await move_away(driver)
    await determine_all([driver], 200)
    assert (await driver.post("return", WHY, "approval")).json()["title"] == "CaseElsewhere"
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "dinsos-pekalongan-1", ["33.26"])
    assert (await driver.post("return", WHY, "approval")).status_code == 404
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "dinsos-purworejo-1", ["33.22"])
    assert (await driver.post("resumption", WHY, "approval")).json()["title"] == "FactsChanged"
    assert expect_ok(await driver.post("return", WHY, "approval"))["state"] == "DIKEMBALIKAN"


async def test_family_that_came_home_is_proposed_again_without_an_assessment(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    home = driver.by["approval"]
    await move_away(driver)
    await determine_all([driver], 200)
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "dinsos-purworejo-1", ["33.22"])
    expect_ok(await driver.post("return", WHY, "approval"))
    await apply_events(graduation, facts(driver))
    driver.by["approval"] = home
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    expect_ok(await driver.deliberate(str(DAY)))
    expect_ok(await driver.approve())
    assert (await determine_all([driver]))["determined"] == [driver.graduasi_id]
