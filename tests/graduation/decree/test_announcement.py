"""The announcement of an SK starts the term, whatever the date of the SK."""

from datetime import date
from typing import Any

import pytest

from tests.factories.graduation.case import (
    CaseDriver,
    expect_ok,
    read_emitted_events,
    read_penetapan,
    set_day,
)
from tests.factories.graduation.objection import annul_graduasi, lodge_sanggah
from tests.factories.services import Running

WHY = {"reason": "Data keluarga diperiksa silang."}


async def approved(service: Running, day: str) -> CaseDriver:
    return await (await CaseDriver.start(service)).advance_to("DISETUJUI_DINSOS", day)


async def determined_ahead(service: Running, announced_on: str = "2026-06-01") -> CaseDriver:
    """Return a case in an SK of 18 May that is announced later."""
    driver = await approved(service, "2026-05-18")
    expect_ok(await driver.determine("2026-05-18", announced_on=announced_on))
    return driver


async def test_sk_entered_late_is_announced_on_the_day_of_entry(graduation: Running) -> None:
    driver = await approved(graduation, "2026-01-05")
    await set_day(graduation, date(2026, 2, 20))
    sk = expect_ok(await driver.determine("2026-01-05"))
    assert (sk["sk_on"], sk["announced_on"]) == ("2026-01-05", "2026-02-20")
    await graduation.work()
    assert await driver.read_state() == "MASA_SANGGAH"
    shown = await read_penetapan(driver)
    assert (shown["announced_on"], shown["term_ends_on"]) == ("2026-02-20", "2026-03-22")
    expect_ok(await lodge_sanggah(driver, date(2026, 2, 20)))


async def test_sk_date_decides_only_the_year_of_the_credit(graduation: Running) -> None:
    driver = await approved(graduation, "2025-12-20")
    await set_day(graduation, date(2026, 1, 15))
    expect_ok(await driver.determine("2025-12-31"))
    ((_, credit),) = await read_emitted_events(graduation, "credit_granted")
    assert credit["year"] == 2025
    assert (await read_penetapan(driver))["term_ends_on"] == "2026-02-14"


async def test_case_stays_determined_until_its_announcement(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    ((_, event),) = await read_emitted_events(graduation, "graduasi_determined")
    assert (event["announced_on"], event["term_ends_on"]) == ("2026-06-01", "2026-07-01")
    await set_day(graduation, date(2026, 5, 31))
    await graduation.work()
    assert await driver.read_state() == "DITETAPKAN"
    await set_day(graduation, date(2026, 6, 1))
    await graduation.work()
    assert await driver.read_state() == "MASA_SANGGAH"
    await set_day(graduation, date(2026, 7, 1))
    await graduation.work()
    assert await driver.read_state() == "MASA_SANGGAH"
    await set_day(graduation, date(2026, 7, 2))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    assert (await read_penetapan(driver))["effective_tahap"] == "2026-4"


@pytest.mark.parametrize(
    ("sk_on", "announced_on", "refusal"),
    [
        ("2026-05-18", "2026-05-17", (422, "DateInThePast", "/body/announced_on")),
        ("2026-05-18", "2026-07-18", (422, "AnnouncementTooLate", "/body/announced_on")),
        ("2026-05-18", "2026-07-17", None),
    ],
)
async def test_announcement_is_between_today_and_sixty_days_ahead(
    graduation: Running, sk_on: str, announced_on: str, refusal: Any
) -> None:
    driver = await approved(graduation, "2026-05-18")
    answer = await driver.determine(sk_on, announced_on=announced_on)
    if refusal is None:
        assert expect_ok(answer)["announced_on"] == announced_on
    else:
        problem = answer.json()
        assert (answer.status_code, problem["title"], problem["errors"][0]["pointer"]) == refusal


@pytest.mark.parametrize(("today", "status"), [(date(2026, 3, 6), 201), (date(2026, 3, 7), 422)])
async def test_sk_is_entered_within_sixty_days_of_its_date(
    graduation: Running, today: date, status: int
) -> None:
    driver = await approved(graduation, "2026-01-05")
    await set_day(graduation, today)
    answer = await driver.determine("2026-01-05")
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["title"] == "SkEnteredTooLate"
        assert "2026-03-06" in answer.json()["detail"]


async def test_bulk_sk_has_the_same_dates(graduation: Running) -> None:
    driver = await approved(graduation, "2026-05-18")
    sha256 = await graduation.put_file(driver.graduasi_id.encode(), as_=driver.by["sk"])
    body = {"sk_no": "SK/1/2026", "sk_on": "2026-05-18", "sha256": sha256}
    for day, title in (("2026-05-17", "DateInThePast"), ("2026-07-18", "AnnouncementTooLate")):
        answer = await graduation.post("/v1/sk/bulk", {**body, "announced_on": day}, as_=driver.by["sk"])
        assert (answer.status_code, answer.json()["title"]) == (422, title)
    expect_ok(
        await graduation.post("/v1/sk/bulk", {**body, "announced_on": "2026-06-01"}, as_=driver.by["sk"]), 202
    )
    await graduation.work()
    assert await driver.read_state() == "DITETAPKAN"
    assert (await read_penetapan(driver))["term_ends_on"] == "2026-07-01"


async def test_case_that_a_job_adds_after_the_announcement_gets_a_whole_term(graduation: Running) -> None:
    driver = await approved(graduation, "2026-05-18")
    sha256 = await graduation.put_file(driver.graduasi_id.encode(), as_=driver.by["sk"])
    body = {"sk_no": "SK/1/2026", "sk_on": "2026-05-18", "sha256": sha256}
    expect_ok(await graduation.post("/v1/sk/bulk", body, as_=driver.by["sk"]), 202)
    await set_day(graduation, date(2026, 5, 25))
    await graduation.work()
    shown = await read_penetapan(driver)
    assert (shown["announced_on"], shown["term_ends_on"]) == ("2026-05-25", "2026-06-24")


async def test_objection_before_the_announcement_is_refused_and_names_its_day(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    answer = await lodge_sanggah(driver, date(2026, 5, 18))
    assert (answer.status_code, answer.json()["title"]) == (409, "SanggahBeforeAnnouncement")
    assert "2026-06-01" in answer.json()["detail"]
    assert await driver.read_state() == "DITETAPKAN"


async def test_announcement_is_by_the_day_in_jakarta(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    await set_day(graduation, date(2026, 5, 31), hour=16)  # 1 June in Papua
    answer = await lodge_sanggah(driver, date(2026, 5, 31))
    assert (answer.status_code, answer.json()["title"]) == (409, "SanggahBeforeAnnouncement")


@pytest.mark.parametrize("day", [date(2026, 6, 1), date(2026, 7, 20)])
async def test_objection_in_term_does_not_wait_for_the_worker(graduation: Running, day: date) -> None:
    driver = await determined_ahead(graduation)
    await set_day(graduation, day)
    expect_ok(await lodge_sanggah(driver, date(2026, 6, 1)))
    await graduation.work()
    assert await driver.read_state() == "DISANGGAH"


async def test_work_that_comes_late_announces_and_takes_effect_in_a_later_tahap(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    await set_day(graduation, date(2026, 10, 5))
    await graduation.work()
    shown = await read_penetapan(driver)
    assert (await driver.read_state(), shown["effective_tahap"]) == ("EFEKTIF", "2027-1")
    assert (shown["announced_on"], shown["term_ends_on"]) == ("2026-06-01", "2026-07-01")


async def test_annulment_before_the_announcement_restores_the_family(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    expect_ok(await annul_graduasi(driver))
    await set_day(graduation, date(2026, 8, 1))
    await graduation.work()
    assert await driver.read_state() == "DIPULIHKAN"
    numbers = expect_ok(await graduation.post("/v1/numbers", {}, as_=driver.by["sk"]), 200)
    counts = numbers["by_exit_reason"]["SEJAHTERA_MANDIRI"]
    assert counts == {"determined": 1, "annulled": 1, "effective": 0, "credited": 0}


async def test_case_postponed_over_its_announcement_is_announced_when_resumed(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await set_day(graduation, date(2026, 6, 5))
    await graduation.work()
    assert await driver.read_state() == "DITUNDA"
    assert expect_ok(await driver.post("resumption", WHY, "approval"))["state"] == "MASA_SANGGAH"
    shown = await read_penetapan(driver)
    assert (shown["announced_on"], shown["term_ends_on"]) == ("2026-06-05", "2026-07-05")
    await graduation.work()
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_paper_of_a_day_after_the_sks_announcement_is_taken_after_a_resumption(
    graduation: Running,
) -> None:
    driver = await determined_ahead(graduation)
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await set_day(graduation, date(2026, 6, 5))
    assert (await lodge_sanggah(driver, date(2026, 6, 2))).json()["title"] == "SanggahWhilePostponed"
    expect_ok(await driver.post("resumption", WHY, "approval"))
    assert (await read_penetapan(driver))["announced_on"] == "2026-06-05"
    early = await lodge_sanggah(driver, date(2026, 5, 31))
    assert (early.status_code, early.json()["title"]) == (422, "DateTooEarly")
    expect_ok(await lodge_sanggah(driver, date(2026, 6, 2)))


async def test_case_postponed_in_its_term_before_the_worker_keeps_its_term(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    await set_day(graduation, date(2026, 6, 2))
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await set_day(graduation, date(2026, 6, 10))
    assert expect_ok(await driver.post("resumption", WHY, "approval"))["state"] == "MASA_SANGGAH"
    assert (await read_penetapan(driver))["announced_on"] == "2026-06-01"


async def test_case_resumed_before_its_announcement_waits_for_it(graduation: Running) -> None:
    driver = await determined_ahead(graduation)
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await set_day(graduation, date(2026, 5, 25))
    assert expect_ok(await driver.post("resumption", WHY, "approval"))["state"] == "DITETAPKAN"
    await set_day(graduation, date(2026, 6, 1))
    await graduation.work()
    assert await driver.read_state() == "MASA_SANGGAH"
    assert (await read_penetapan(driver))["term_ends_on"] == "2026-07-01"


async def test_policy_cannot_count_the_term_from_the_sk_date(graduation: Running) -> None:
    rows = await graduation.sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_policy_termstart_known'"
    )
    assert "SK_ON" not in str(rows[0][0])
