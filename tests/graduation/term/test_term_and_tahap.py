"""The end of the term, the effective tahap and the last payable tahap (docs/case-lifecycle.md#effective-tahap)."""

from datetime import date, timedelta

import pytest

from services.graduation.policy.errors import TahapNotPlanned
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.models.policy import Policy, TermStart, TermUnit
from services.graduation.policy.rules import effective_tahap, last_payable, term_ends_on
from shared.dates import months_after
from tests.factories.graduation.case import (
    CaseDriver,
    expect_ok,
    read_emitted_events,
    read_penetapan,
    set_day,
)
from tests.factories.services import Running


def policy(length: int = 30, unit: TermUnit = TermUnit.DAY) -> Policy:
    return Policy(sanggah_length=length, sanggah_unit=unit, sanggah_starts_from=TermStart.ANNOUNCED_ON)


async def read_calendar(service: Running) -> list[TahapCalendar]:
    rows = await service.sql("SELECT year, number, starts_on, cutoff_on FROM tahap_calendar")
    return [TahapCalendar(**dict(row)) for row in rows]


@pytest.mark.parametrize(
    ("announced", "ends"), [(date(2026, 5, 18), date(2026, 6, 17)), (date(2026, 2, 10), date(2026, 3, 12))]
)
def test_term_is_thirty_days_from_the_announcement(announced: date, ends: date) -> None:
    assert term_ends_on(policy(), announced) == ends


def test_policy_may_count_months() -> None:
    assert term_ends_on(policy(1, TermUnit.MONTH), date(2026, 1, 31)) == date(2026, 2, 28)
    assert months_after(date(2026, 12, 31), 2) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("settled", "tahap", "starts", "paid"),
    [
        (date(2026, 6, 17), "2026-3", date(2026, 7, 1), "2026-2"),
        (date(2026, 6, 20), "2026-3", date(2026, 7, 1), "2026-2"),
        (date(2026, 6, 21), "2026-4", date(2026, 10, 1), "2026-3"),
        (date(2026, 9, 21), "2027-1", date(2027, 1, 1), "2026-4"),
        (date(2025, 12, 1), "2026-1", date(2026, 1, 1), "2025-4"),
    ],
)
async def test_effective_tahap_follows_the_cut_off(
    graduation: Running, settled: date, tahap: str, starts: date, paid: str
) -> None:
    planned = await read_calendar(graduation)
    effective = effective_tahap(planned, settled)
    assert (effective.tahap, effective.starts_on, last_payable(planned, effective)) == (tahap, starts, paid)


def test_last_payable_tahap_is_the_previous_one() -> None:
    year = [
        TahapCalendar(
            year=2028, number=n, starts_on=date(2028, 2 * n, 1), cutoff_on=date(2028, 2 * n - 1, 20)
        )
        for n in range(1, 7)
    ]
    first = TahapCalendar(year=2029, number=1, starts_on=date(2029, 2, 1), cutoff_on=date(2029, 1, 20))
    assert last_payable([*year, first], first) == "2028-6"
    assert last_payable(year, year[0]) == "2027-6"


async def test_tahap_cannot_be_moved_after_its_cut_off(graduation: Running) -> None:
    kemensos = graduation.token("KEMENSOS", "kemensos-1")
    moved = {"year": 2026, "number": 3, "starts_on": "2026-07-06", "cutoff_on": "2026-06-25"}
    await set_day(graduation, date(2026, 6, 21))
    answer = await graduation.post("/v1/tahap-calendar", moved, as_=kemensos)
    assert (answer.status_code, answer.json()["title"]) == (409, "TahapClosed")
    assert "2026-3" in answer.json()["detail"]
    await set_day(graduation, date(2026, 6, 20))
    expect_ok(await graduation.post("/v1/tahap-calendar", moved, as_=kemensos))


async def test_calendar_is_seeded_for_two_years(graduation: Running) -> None:
    rows = await read_calendar(graduation)
    assert {(row.year, row.number) for row in rows} == {(y, n) for y in (2026, 2027) for n in (1, 2, 3, 4)}
    assert {row.cutoff_on.day for row in rows} == {20}
    assert {(row.starts_on - row.cutoff_on).days for row in rows} <= {9, 10, 11, 12}


async def test_sk_beyond_the_calendar_is_refused(graduation: Running) -> None:
    with pytest.raises(TahapNotPlanned):
        effective_tahap(await read_calendar(graduation), date(2027, 9, 21))
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2027-09-01")
    answer = await driver.determine("2027-09-01")
    assert (answer.status_code, answer.json()["title"]) == (409, "TahapNotPlanned")
    planned = {"year": 2028, "number": 1, "starts_on": "2028-01-01", "cutoff_on": "2027-12-20"}
    expect_ok(await graduation.post("/v1/tahap-calendar", planned, as_=driver.by["sk"]))
    expect_ok(await driver.determine("2027-09-01"))


async def test_effect_follows_a_calendar_moved_before_it(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    moved = {"year": 2026, "number": 3, "starts_on": "2026-07-06", "cutoff_on": "2026-06-10"}
    expect_ok(await graduation.post("/v1/tahap-calendar", moved, as_=driver.by["sk"]))
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200)
    decision = shown["penetapan"]
    assert (decision["effective_tahap"], decision["effective_on"], decision["last_payable_tahap"]) == (
        "2026-4",
        "2026-10-01",
        "2026-3",
    )


async def test_effect_is_never_in_an_earlier_tahap_than_the_forecast(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2026-05-22")
    forecast = expect_ok(await driver.determine("2026-05-22")) and await read_penetapan(driver)
    assert (forecast["term_ends_on"], forecast["effective_tahap"]) == ("2026-06-21", "2026-4")
    longer = {"year": 2026, "number": 3, "starts_on": "2026-07-06", "cutoff_on": "2026-06-28"}
    await set_day(graduation, date(2026, 6, 20))
    expect_ok(await graduation.post("/v1/tahap-calendar", longer, as_=driver.by["sk"]))
    await set_day(graduation, date(2026, 6, 22))
    await graduation.work()
    assert (await read_penetapan(driver))["effective_tahap"] == "2026-4"


@pytest.mark.parametrize(("sk_on", "tahap"), [("2026-05-20", "2026-3"), ("2026-05-21", "2026-4")])
async def test_exit_is_settled_on_the_day_after_the_term(graduation: Running, sk_on: str, tahap: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", sk_on)
    shown = await read_penetapan(driver)
    last_day = date.fromisoformat(sk_on) + timedelta(days=30)
    assert (shown["term_ends_on"], shown["effective_tahap"]) == (str(last_day), tahap)


async def test_late_processing_moves_the_effect_to_a_later_tahap(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    assert (await read_penetapan(driver))["effective_tahap"] == "2026-3"
    await set_day(graduation, date(2026, 6, 21))
    await graduation.work()
    ((_, event),) = await read_emitted_events(graduation, "kpm_graduated")
    shown = await read_penetapan(driver)
    assert (event["effective_tahap"], event["effective_on"], event["last_payable_tahap"]) == (
        "2026-4",
        "2026-10-01",
        "2026-3",
    )
    assert (shown["effective_tahap"], shown["effective_on"]) == ("2026-4", "2026-10-01")


async def test_two_tahap_on_one_day_are_refused(graduation: Running) -> None:
    kemensos = graduation.token("KEMENSOS", "kemensos-1")
    twin = {"year": 2027, "number": 4, "starts_on": "2027-07-01", "cutoff_on": "2027-06-25"}
    answer = await graduation.post("/v1/tahap-calendar", twin, as_=kemensos)
    assert (answer.status_code, answer.json()["title"]) == (409, "TahapOverlaps")
    listed = expect_ok(await graduation.get("/v1/tahap-calendar?year=2027", as_=kemensos), 200)
    assert len(listed["items"]) == 4


@pytest.mark.parametrize(
    ("sk_on", "title"), [("2026-05-19", "DateInTheFuture"), ("2026-05-17", "SkBeforeApproval")]
)
async def test_sk_date_must_be_between_approval_and_today(
    graduation: Running, sk_on: str, title: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    answer = await driver.determine(sk_on)
    assert (answer.status_code, answer.json()["title"]) == (422, title)
    assert answer.json()["errors"][0]["pointer"] == "/body/sk_on"
