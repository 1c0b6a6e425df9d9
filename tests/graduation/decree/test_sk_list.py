"""The list of SK by year, number and scope."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.services import Running


async def list_numbers(service: Running, as_: str, query: str = "") -> list[str]:
    listed = expect_ok(await service.get(f"/v1/sk{query}", as_=as_), 200)
    return [one["sk_no"] for one in listed["items"]]


async def issue(service: Running, day: str, sk_no: str) -> CaseDriver:
    driver = await (await CaseDriver.start(service)).advance_to("DISETUJUI_DINSOS", day)
    expect_ok(await driver.determine(day, sk_no))
    return driver


async def test_sk_are_listed_by_date_and_by_year(graduation: Running) -> None:
    driver = await issue(graduation, "2026-05-18", "12-A/HUK/2026")
    await issue(graduation, "2027-01-04", "1/HUK/2027")
    await set_day(graduation, date(2027, 1, 4))
    ministry = driver.by["sk"]
    assert await list_numbers(graduation, ministry) == ["12-A/HUK/2026", "1/HUK/2027"]
    assert await list_numbers(graduation, ministry, "?year=2027") == ["1/HUK/2027"]
    first = expect_ok(await graduation.get("/v1/sk?limit=1", as_=ministry), 200)
    following = expect_ok(await graduation.get(first["next"], as_=ministry), 200)
    assert [one["sk_no"] for one in following["items"]] == ["1/HUK/2027"]


@pytest.mark.parametrize(
    "written", ["12-A/HUK/2026", "12a/huk/2026", "12 A / HUK / 2026", " 12 - a/Huk/2026 "]
)
async def test_number_is_found_however_it_is_written(graduation: Running, written: str) -> None:
    driver = await issue(graduation, "2026-05-18", "12-A/HUK/2026")
    await issue(graduation, "2026-05-18", "13/HUK/2026")
    listed = await list_numbers(graduation, driver.by["sk"], f"?sk_no={written}")
    assert listed == ["12-A/HUK/2026"]


async def test_sk_is_listed_for_who_may_see_a_case_in_it(graduation: Running) -> None:
    driver = await issue(graduation, "2026-05-18", "12/HUK/2026")
    other = await issue(graduation, "2026-05-18", "13/HUK/2026")
    here = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-5", [KENDAL])
    elsewhere = graduation.token("DINSOS_KABKOTA", "dinsos-semarang-1", ["33.22"])
    assert await list_numbers(graduation, here) == ["12/HUK/2026", "13/HUK/2026"]
    assert await list_numbers(graduation, elsewhere) == []
    assert await list_numbers(graduation, driver.by["field"]) == ["12/HUK/2026"]
    assert await list_numbers(graduation, other.by["field"]) == ["13/HUK/2026"]
