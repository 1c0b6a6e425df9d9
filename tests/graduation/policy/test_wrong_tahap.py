"""A planned tahap is moved with its exits, or removed."""

from datetime import date
from typing import Any

import httpx
import pytest

from tests.factories.graduation.case import (
    CaseDriver,
    expect_ok,
    read_emitted_events,
    read_penetapan,
    set_day,
)
from tests.factories.services import Running, expect_refusal

DAY = date(2026, 5, 18)
THIRD = {"year": 2026, "number": 3, "starts_on": "2026-07-06", "cutoff_on": "2026-06-20"}


@pytest.fixture(autouse=True)
async def _set_first_day(graduation: Running) -> None:
    await set_day(graduation, DAY)


async def set_tahap(service: Running, **terms: Any) -> httpx.Response:
    return await service.post("/v1/tahap-calendar", terms, as_=service.token("KEMENSOS", "kemensos-1"))


async def remove_tahap(service: Running, year: int, number: int) -> httpx.Response:
    body = {"year": year, "number": number}
    token = service.token("KEMENSOS", "kemensos-1")
    return await service.post("/v1/tahap-calendar/removal", body, as_=token)


@pytest.mark.parametrize(
    ("wrong", "title"),
    [
        ({"starts_on": "2029-01-01", "cutoff_on": "2028-12-20"}, "ValueRejected"),
        ({"cutoff_on": "2026-05-17"}, "DateInThePast"),
        ({"starts_on": "2026-10-02"}, "TahapOutOfOrder"),
        ({"starts_on": "2026-03-31", "cutoff_on": "2026-03-30"}, "DateInThePast"),
        ({"starts_on": "2026-12-31", "cutoff_on": "2026-09-25"}, "TahapOutOfOrder"),
    ],
)
async def test_implausible_dates_are_refused(graduation: Running, wrong: dict[str, Any], title: str) -> None:
    answer = await set_tahap(graduation, **(THIRD | wrong))
    assert answer.status_code in {409, 422}, answer.text
    if title != "ValueRejected":
        assert answer.json()["title"] == title
    expect_ok(await set_tahap(graduation, **THIRD))


async def test_tahap_added_in_error_is_removed_and_the_calendar_ends_before_it(graduation: Running) -> None:
    far = {"year": 2036, "number": 1, "starts_on": "2036-01-01", "cutoff_on": "2035-12-20"}
    expect_ok(await set_tahap(graduation, **far))
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2027-09-01")
    removed = expect_ok(await remove_tahap(graduation, 2036, 1), 200)
    assert removed == far | {"set_by": "kemensos-1", "set_at": removed["set_at"]}
    expect_refusal(await driver.determine("2027-09-01"), "TahapNotPlanned", 409)
    expect_refusal(await remove_tahap(graduation, 2036, 1), "NotFound", 404)
    expect_ok(await set_tahap(graduation, **far))


async def test_only_the_last_tahap_without_planned_exits_is_removed(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2027-08-15")
    expect_ok(await driver.determine("2027-08-15"))
    expect_refusal(await remove_tahap(graduation, 2027, 4), "TahapInUse", 409)
    await set_day(graduation, DAY)
    expect_refusal(await remove_tahap(graduation, 2026, 3), "TahapNotLast", 409)
    expect_refusal(await remove_tahap(graduation, 2026, 2), "TahapClosed", 409)


@pytest.mark.parametrize("starts_on", ["2026-07-06", "2026-06-28"])
async def test_settled_exit_moves_with_the_start_of_its_tahap(graduation: Running, starts_on: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    expect_ok(await set_tahap(graduation, **(THIRD | {"starts_on": starts_on})))
    await graduation.work()
    assert (await read_penetapan(driver))["effective_on"] == starts_on
    first, again = [fact for _, fact in await read_emitted_events(graduation, "kpm_graduated")]
    assert again == first | {"effective_on": starts_on}
    begins = date.fromisoformat(starts_on)
    await set_day(graduation, date.fromordinal(begins.toordinal() - 1))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    await set_day(graduation, begins)
    await graduation.work()
    assert await driver.read_state() == "PEMANTAUAN"


async def test_move_of_the_cut_off_alone_sends_nothing_again(graduation: Running) -> None:
    await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    expect_ok(await set_tahap(graduation, **(THIRD | {"starts_on": "2026-07-01", "cutoff_on": "2026-06-19"})))
    await graduation.work()
    assert len(await read_emitted_events(graduation, "kpm_graduated")) == 1
