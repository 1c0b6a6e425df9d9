"""SK numbers are unique however they are written, and free without a case."""

import asyncio

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.changed_facts import (
    DAY,
    WHY,
    close_business,
    determine_all,
    lose_signer,
    run_bulk,
    taken_to,
)
from tests.factories.graduation.events import KENDAL
from tests.factories.services import Running

BULK_NO = "SK/2/2026"


async def test_number_of_a_file_whose_cases_are_all_postponed_is_free(graduation: Running) -> None:
    driver, other = (
        await taken_to(graduation, "DISETUJUI_DINSOS"),
        await taken_to(graduation, "DISETUJUI_DINSOS"),
    )
    await close_business(driver)
    job = await run_bulk([driver])
    assert job["report"] == {"sk_id": None, "sk_no": BULK_NO, "cases": 0}
    assert await graduation.sql("SELECT 1 FROM sk") == []
    assert (await run_bulk([other]))["report"]["cases"] == 1
    assert await other.read_state() == "MASA_SANGGAH"


async def test_number_of_a_cancelled_file_is_free_once_its_job_has_ended(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    kemensos = driver.by["sk"]
    sha256 = await graduation.put_file(driver.graduasi_id.encode(), as_=kemensos)
    body = {"sk_no": BULK_NO, "sk_on": str(DAY), "sha256": sha256}
    asked = expect_ok(await graduation.post("/v1/sk/bulk", body, as_=kemensos), 202)
    expect_ok(await graduation.post(f"{asked['job']}/cancellation", as_=kemensos), 202)
    assert (await determine_all([driver], 409, BULK_NO))["title"] == "SkNumberTaken"
    await graduation.work()
    assert (await determine_all([driver], sk_no=BULK_NO))["cases"] == 1
    again = await graduation.post("/v1/sk/bulk", body, as_=kemensos)
    assert (again.status_code, again.json()["title"]) == (409, "SkNumberTaken")


async def test_taken_number_postpones_no_changed_case(graduation: Running) -> None:
    await determine_all([await taken_to(graduation, "DISETUJUI_DINSOS")])
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await lose_signer(driver)
    assert (await determine_all([driver], 409))["title"] == "SkNumberTaken"
    assert await driver.read_state() == "DISETUJUI_DINSOS"


async def test_sk_by_a_person_of_another_stage_postpones_no_changed_case(graduation: Running) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "kemensos-1", [KENDAL])
    expect_ok(await driver.approve())
    await close_business(driver)
    assert (await determine_all([driver], 403))["title"] == "SamePersonTwice"
    assert await driver.read_state() == "DISETUJUI_DINSOS"


async def test_repeated_request_that_left_no_case_has_the_same_answer(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await close_business(driver)
    body = {"sk_no": BULK_NO, "sk_on": str(DAY), "graduasi_ids": [driver.graduasi_id]}
    first, again = [
        await graduation.post("/v1/sk", body, as_=driver.by["sk"], key="sk-2-2026") for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


async def test_sk_may_be_dated_between_the_approval_and_a_resumption(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2026-05-18")
    for day, noun in ((20, "postponement"), (25, "resumption")):
        await set_day(graduation, DAY.replace(day=day))
        expect_ok(await driver.post(noun, WHY, "approval"))
    early = await driver.determine("2026-05-17")
    assert (early.status_code, early.json()["title"]) == (422, "SkBeforeApproval")
    assert "2026-05-18" in early.json()["detail"]
    expect_ok(await driver.determine("2026-05-22"))


@pytest.mark.parametrize("other", ["sk/2/2026", "SK / 2 / 2026", "SK-/2/-2026", "S K/2/2026"])
async def test_number_is_taken_however_it_is_written(graduation: Running, other: str) -> None:
    driver, second = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    assert (await determine_all([driver], sk_no="SK/2/2026"))["sk_no"] == "SK/2/2026"
    assert (await determine_all([second], 409, other))["title"] == "SkNumberTaken"
    # The number stays as it was written.
    assert (await determine_all([second], sk_no="SK / 3 / 2026"))["sk_no"] == "SK / 3 / 2026"


async def test_number_of_an_empty_file_is_free_however_it_is_written(graduation: Running) -> None:
    driver, other = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    sha256 = await graduation.put_file(driver.graduasi_id.encode(), as_=driver.by["sk"])
    body = {"sk_no": BULK_NO, "sk_on": str(DAY), "sha256": sha256}
    asked = expect_ok(await graduation.post("/v1/sk/bulk", body, as_=driver.by["sk"]), 202)
    expect_ok(await graduation.post(f"{asked['job']}/cancellation", as_=driver.by["sk"]), 202)
    await graduation.work()
    assert (await determine_all([other], sk_no=BULK_NO.lower()))["cases"] == 1


async def test_two_requests_with_one_number_written_differently_make_one_sk(graduation: Running) -> None:
    drivers = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    numbers = ("SK/2/2026", "sk/2/2026")
    answers = await asyncio.gather(
        *(one.determine(str(DAY), number) for one, number in zip(drivers, numbers, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
