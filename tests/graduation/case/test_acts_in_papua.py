"""Acts of today in Papua are taken while it is yesterday in Jakarta."""

from datetime import UTC, date, datetime, timedelta

from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.monitoring import create_monitored_case, record_monitoring
from tests.factories.graduation.objection import lodge_sanggah
from tests.factories.services import Running


async def set_late_evening(service: Running, day: date) -> str:
    """Set the clock to 23:30 in Jakarta and return the date in Papua."""
    await service.set_clock(datetime(day.year, day.month, day.day, 16, 30, tzinfo=UTC))
    return str(day + timedelta(days=1))


async def test_statement_and_berita_acara_of_today_in_papua(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("SIAP")
    today = await set_late_evening(graduation, date(2026, 5, 18))
    refused = await driver.sign("2026-05-20")
    assert (refused.status_code, refused.json()["title"]) == (422, "DateInTheFuture")
    expect_ok(await driver.sign(today))
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    expect_ok(await driver.deliberate(today))


async def test_objection_of_today_in_papua(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    today = await set_late_evening(graduation, date(2026, 5, 19))
    expect_ok(await lodge_sanggah(driver, date.fromisoformat(today)))


async def test_announcement_of_tomorrow_in_jakarta_has_not_begun_in_papua(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    expect_ok(await driver.determine("2026-05-18", announced_on="2026-05-20"))
    today = await set_late_evening(graduation, date(2026, 5, 19))
    refused = await lodge_sanggah(driver, date.fromisoformat(today))
    assert (refused.status_code, refused.json()["title"]) == (409, "SanggahBeforeAnnouncement")


async def test_result_of_today_in_papua(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    today = await set_late_evening(graduation, date(2026, 7, 2))
    refused = await record_monitoring(driver, tasks[0], visited_on="2026-07-04")
    assert (refused.status_code, refused.json()["title"]) == (422, "DateInTheFuture")
    made = expect_ok(await record_monitoring(driver, tasks[0], visited_on=today))
    assert (made["visited_on"], made["recorded_on"]) == (today, "2026-07-02")
