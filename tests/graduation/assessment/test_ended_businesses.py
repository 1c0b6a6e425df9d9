"""A business that has ended counts in no assessment and makes no candidate."""

from datetime import date

import pytest

from shared.contracts.kinds import FamilyEndReason, UsahaEndReason
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import business_ended, family_ended, family_facts
from tests.factories.services import Running

DAY = date(2026, 4, 6)
BUSINESS = ("USAHA_AGE_MONTHS", "USAHA_OMZET_RP", "USAHA_PERMIT")


async def start_case(service: Running) -> CaseDriver:
    await set_day(service, DAY)
    return await CaseDriver.start(service)


async def list_reasons(driver: CaseDriver) -> list[list[str]]:
    items = expect_ok(await driver.service.get("/v1/candidate", as_=driver.by["approval"]), 200)["items"]
    return [[reason["code"] for reason in item["reasons"]] for item in items]


@pytest.mark.parametrize("reason", UsahaEndReason.known())
async def test_assessment_leaves_out_an_ended_business(graduation: Running, reason: UsahaEndReason) -> None:
    driver = await start_case(graduation)
    await driver.open()
    await apply_events(graduation, await business_ended(driver, DAY, reason))
    asesmen = expect_ok(await driver.assess())
    assert [asesmen["facts"][code] for code in BUSINESS] == [0, 0, False]
    values = {item["code"]: item["value"] for item in asesmen["explanation"]}
    assert [values[code] for code in BUSINESS] == [0, 0, False]


async def test_assessment_counts_a_business_until_the_day_of_its_end(graduation: Running) -> None:
    driver = await start_case(graduation)
    await driver.open()
    await apply_events(graduation, await business_ended(driver, date(2026, 4, 7)))
    assert expect_ok(await driver.assess())["facts"]["USAHA_OMZET_RP"] == 9_000_000


async def test_candidate_has_no_reason_from_an_ended_business(graduation: Running) -> None:
    driver = await start_case(graduation)
    assert await list_reasons(driver) == [["DESIL", "USAHA", "PROGRAM_YEARS"]]
    await apply_events(graduation, await business_ended(driver, DAY))
    assert await list_reasons(driver) == [["DESIL", "PROGRAM_YEARS"]]


async def test_business_that_goes_with_its_owner_counts_in_the_other_family_only(graduation: Running) -> None:
    driver, other = await start_case(graduation), await start_case(graduation)
    moved = (await business_ended(other, DAY)).model_copy(update={"ended_on": None, "end_reason": None})
    await apply_events(graduation, await business_ended(driver, DAY))
    assert sorted(await list_reasons(driver)) == [
        ["DESIL", "PROGRAM_YEARS"],
        ["DESIL", "USAHA", "PROGRAM_YEARS"],
    ]
    await apply_events(graduation, moved.model_copy(update={"kpm_id": driver.kpm_id}))
    items = expect_ok(await graduation.get("/v1/candidate", as_=driver.by["approval"]), 200)["items"]
    with_business = {
        item["kpm_id"] for item in items if "USAHA" in [reason["code"] for reason in item["reasons"]]
    }
    assert with_business == {str(driver.kpm_id)}
    await other.open()
    assert expect_ok(await other.assess())["facts"]["USAHA_OMZET_RP"] == 0


@pytest.mark.parametrize("reason", FamilyEndReason.known())
async def test_ended_family_is_no_candidate_until_a_reversal(
    graduation: Running, reason: FamilyEndReason
) -> None:
    driver = await start_case(graduation)
    await apply_events(graduation, family_ended(driver.kpm_id, DAY, reason))
    assert await list_reasons(driver) == []
    await apply_events(graduation, family_facts(driver.kpm_id))
    assert await list_reasons(driver) == [["USAHA", "PROGRAM_YEARS"]]
